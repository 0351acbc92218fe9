#include "openai/answer_pieces.h"

namespace cartpilot::openai {
namespace {

/// NVIDIA's endpoint is known to send "reasoning_content" twice in one message. What a model wants
/// to do stays unambiguous all the same.
constexpr JsonRules kAnswerJson{kMaxJsonDepth, true, "arguments"};

}  // namespace

bool holds_json_object(std::string_view text) {
  try {
    return parse_json(text).is_object();
  } catch (const Error&) {
    return false;
  }
}

void throw_stray_error(std::string_view text, const vendor::Service& service) {
  std::optional<vendor::ErrorBody> error;
  try {
    error = vendor::find_error(parse_json(text));
  } catch (const Error&) {
    return;
  }
  if (error) throw vendor::error_inside_answer(*error, service);
}

std::optional<Json> PieceReader::read(const HttpEvent& event, std::string_view text,
                                      const vendor::Service& service) {
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
