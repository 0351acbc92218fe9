#include "chat/stream_assembler.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/outside.h"
#include "text/utf8.h"

namespace cartpilot::chat {

namespace {

/// Appends to the last part when it is of the same kind, so that a text streamed in pieces is one
/// part.
template <typename PartType>
void append_text(Message& message, const std::string& text) {
  if (!message.parts.empty()) {
    if (auto* last = std::get_if<PartType>(&message.parts.back())) {
      last->text += text;
      return;
    }
  }
  message.parts.push_back(PartType{text, nullptr});
}

std::size_t content_bytes(const StreamEvent& event) {
  if (const auto* text = std::get_if<TextDelta>(&event)) return text->text.size();
  if (const auto* reasoning = std::get_if<ReasoningDelta>(&event)) return reasoning->text.size();
  if (const auto* call = std::get_if<ToolCallDelta>(&event)) return call->arguments.size();
  return 0;
}

/// Measured also in a replay, which waits for nobody.
std::chrono::steady_clock::time_point unrecorded_now() {
  const base::Unrecorded unrecorded;
  return base::steady_now();
}

}  // namespace

StreamAssembler::StreamAssembler(EventSink& watcher)
    : watcher_(watcher), begin_(unrecorded_now()) {}

Error too_many_calls() {
  Error error(ErrorCode::kProtocol, fmt::format("the model asked for more than {} function calls "
                                                "in one answer; none was run",
                                                kMaxCallsOfAnswer));
  error.reason = kTooManyCalls;
  return error;
}

void StreamAssembler::on_event(const StreamEvent& event) {
  if (complete_) {
    throw Error(ErrorCode::kProtocol, "the provider went on after the end of its answer");
  }
  if (!first_ms_ && !std::holds_alternative<WarningEvent>(event)) {
    first_ms_ =
        std::chrono::duration_cast<std::chrono::milliseconds>(unrecorded_now() - begin_).count();
  }
  bytes_ += content_bytes(event);
  if (bytes_ > kMaxAnswerBytes) {
    throw Error(ErrorCode::kProtocol,
                "the model's answer is longer than 8 MiB and was stopped; ask for less");
  }
  if (const auto* text = std::get_if<TextDelta>(&event)) {
    append_text<TextPart>(message_, text->text);
    shown_ = shown_ || !text->text.empty();
  } else if (const auto* reasoning = std::get_if<ReasoningDelta>(&event)) {
    append_text<ReasoningPart>(message_, reasoning->text);
    shown_ = shown_ || !reasoning->text.empty();
  } else if (const auto* call = std::get_if<ToolCallEvent>(&event)) {
    if (++calls_ > kMaxCallsOfAnswer) throw too_many_calls();
    message_.parts.push_back(call->call);
  } else if (const auto* usage = std::get_if<UsageEvent>(&event)) {
    usage_ = usage->usage;
  } else if (const auto* finish = std::get_if<Finish>(&event)) {
    finish_ = *finish;
    complete_ = true;
  }
  watcher_.on_event(event);
}

std::string StreamAssembler::text_so_far(std::size_t bytes) const {
  std::string text;
  for (const Part& part : message_.parts) {
    if (const auto* piece = std::get_if<TextPart>(&part)) {
      text.append(piece->text, 0, bytes - text.size());
    }
  }
  std::size_t begin = text.size();
  while (begin > 0 && (static_cast<unsigned char>(text[begin - 1]) & 0xC0U) == 0x80U) --begin;
  if (begin > 0) --begin;
  if (begin < text.size() && text::read_utf8(std::string_view(text).substr(begin)).kind ==
                                 text::Utf8Step::Kind::kIncomplete) {
    text.resize(begin);
  }
  return text;
}

Message StreamAssembler::take(const std::string& provider, const std::string& model) {
  Message message = std::move(message_);
  message.role = Role::kAssistant;
  message.provider = provider;
  message.model = model;
  message.provider_metadata = std::move(finish_.provider_metadata);
  return message;
}

}  // namespace cartpilot::chat
