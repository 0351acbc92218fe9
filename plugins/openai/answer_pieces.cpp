#include "openai/answer_pieces.h"

#include <utility>

#include "cartpilot/vendor/stream_errors.h"

namespace cartpilot::openai {
namespace {

/// NVIDIA's endpoint is known to send "reasoning_content" twice in one message. What a model wants
/// to do stays unambiguous all the same.
constexpr JsonRules kAnswerJson{kMaxJsonDepth, true, "arguments"};

/// Nothing of an answer begins so, whole or broken off.
bool is_plain_word(std::string_view text) {
  return text.front() != '{' && text.front() != '[' && text.front() != '"' && text.front() != '<';
}

std::string text_below(const Json& value, int depth) {
  if (value.is_string()) return value.get<std::string>();
  std::string text;
  if (depth > 3) return text;
  if (value.is_array()) {
    for (const Json& part : value) text += text_below(part, depth + 1);
  }
  if (!value.is_object()) return text;
  for (const char* key : {"text", "refusal", "thinking", "reasoning", "content", "summary"}) {
    const auto found = value.find(key);
    if (found != value.end()) text += text_below(*found, depth + 1);
  }
  return text;
}

}  // namespace

bool holds_json_object(std::string_view text) {
  try {
    return parse_json(text).is_object();
  } catch (const Error&) {
    return false;
  }
}

std::string text_of_part(const Json& part) { return text_below(part, 0); }

bool is_thought(const Json& part) {
  return vendor::contains_any(string_or(part, "type"), {"think", "thought", "reasoning"});
}

std::vector<Json> PieceReader::read(const HttpEvent& event, std::string_view text,
                                    const vendor::Service& service) {
  if (broken_) throw *broken_;
  // The end of an answer stands also behind a whole one.
  text = vendor::without_end_mark(text);
  std::vector<Json> objects;
  if (text.empty()) return objects;
  if (event.name == "error") {
    throw vendor::error_inside_answer(vendor::read_error_body(text), service);
  }
  if (event.kind != HttpEvent::Kind::kEvent) vendor::throw_stray_error(text, service);
  if (event.kind == HttpEvent::Kind::kBody && text.front() == '<') {
    throw Error(ErrorCode::kProtocol, service.base +
                                          " answers with a web page instead of JSON; check "
                                          "OPENAI_BASE_URL");
  }
  Json value;
  try {
    value = characters_.parse(text, "the answer of " + service.title, kAnswerJson);
  } catch (const Error& error) {
    if (event.kind == HttpEvent::Kind::kStray ||
        (event.kind == HttpEvent::Kind::kEvent && is_plain_word(text))) {
      // The last line of a stream that broke off is the beginning of a field.
      const bool field = vendor::starts_with("data:", text) || vendor::starts_with("event:", text);
      if (!field) words_ = text;
      return objects;
    }
    broken_ = error.with_message(std::string(error.what()) + "; check OPENAI_BASE_URL");
    if (event.kind == HttpEvent::Kind::kBody) throw *broken_;
    return objects;
  }
  // Before anything else: an error may carry what looks like a normal end.
  if (const auto error = vendor::find_error(value)) {
    throw vendor::error_inside_answer(*error, service);
  }
  if (value.is_array()) {
    for (Json& item : value) {
      if (item.is_object()) objects.push_back(std::move(item));
    }
  } else if (value.is_object()) {
    objects.push_back(std::move(value));
  }
  return objects;
}

}  // namespace cartpilot::openai
