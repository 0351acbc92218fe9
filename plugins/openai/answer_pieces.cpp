#include "openai/answer_pieces.h"

namespace cartpilot::openai {
namespace {

/// NVIDIA's endpoint is known to send "reasoning_content" twice in one message. What a model wants
/// to do stays unambiguous all the same.
constexpr JsonRules kAnswerJson{kMaxJsonDepth, true, "arguments"};

}  // namespace

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool holds_json_object(std::string_view text) {
  try {
    return parse_json(text).is_object();
  } catch (const Error&) {
    return false;
  }
}

void throw_stray_error(std::string_view text, const ServiceInfo& service) {
  std::optional<ErrorBody> error;
  try {
    error = find_error(parse_json(text));
  } catch (const Error&) {
    return;
  }
  if (error) throw error_inside_answer(*error, service);
}

std::optional<Json> PieceReader::read(const HttpEvent& event, std::string_view text,
                                      const ServiceInfo& service) {
  if (broken_) throw *broken_;
  if (event.kind == HttpEvent::Kind::kBody && text.front() == '<') {
    throw Error(ErrorCode::kProtocol, service.base +
                                          " answers with a web page instead of JSON; check "
                                          "OPENAI_BASE_URL");
  }
  try {
    return parse_json(text, "the answer of " + service.title, kAnswerJson);
  } catch (const Error& error) {
    broken_ = error.with_message(std::string(error.what()) + "; check OPENAI_BASE_URL");
    if (event.kind == HttpEvent::Kind::kBody) throw *broken_;
    return std::nullopt;
  }
}

}  // namespace cartpilot::openai
