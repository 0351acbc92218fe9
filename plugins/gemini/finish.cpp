#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "cartpilot/vendor/end_words.h"
#include "cartpilot/vendor/text.h"
#include "gemini/decode.h"
#include "gemini/errors.h"

// The end of an answer: what its finish reason means, and which ends are failures.

namespace cartpilot::gemini {
void GeminiDecoder::fail_cut() const {
  std::string message = "Gemini's answer was cut off before its end; try again";
  const std::string line = vendor::one_line(stray_.empty() ? words_ : stray_, 120);
  if (!line.empty()) {
    message += " (the server also sent: " + line + ")";
  }
  Error error(ErrorCode::kUnavailable, message);
  error.reason = "stream_cut";
  error.retryable = true;
  error.request_id = response_id_;
  throw error;
}

void GeminiDecoder::fail_useless(const std::string& what, const std::string& reason,
                                 const std::string& said) const {
  const bool again = context_.second_try->take();
  Error error(ErrorCode::kProtocol,
              what +
                  (again ? "; try again or rephrase"
                         : ", twice in a row; rephrase, or choose another --model") +
                  said);
  error.reason = reason;
  error.retryable = again;
  error.request_id = response_id_;
  throw error;
}

void GeminiDecoder::drop_calls(EventSink& sink, const std::string& why) {
  if (calls_.empty()) return;
  sink.on_event(WarningEvent{fmt::format("{} function call{} not carried out: {}", calls_.size(),
                                         calls_.size() == 1 ? " was" : "s were", why)});
  calls_.clear();
  Json kept = Json::array();
  for (Json& part : parts_) {
    if (!part.contains("functionCall")) kept.push_back(std::move(part));
  }
  parts_ = std::move(kept);
}

void GeminiDecoder::emit_finish(FinishReason reason, EventSink& sink,
                                const std::string& raw_reason) {
  for (const ToolCall& call : calls_) sink.on_event(ToolCallEvent{call});
  Finish finish;
  finish.reason = reason;
  finish.raw_reason = raw_reason;
  finish.model = model_version_;
  finish.provider_metadata = Json{{"backend", context_.backend},
                                  {"model", context_.service.model},
                                  {"model_version", model_version_},
                                  {"parts", std::move(parts_)}};
  sink.on_event(finish);
}

void GeminiDecoder::finish_stop(EventSink& sink) {
  if (!calls_.empty()) {
    emit_finish(FinishReason::kToolCalls, sink, finish_reason_);
  } else if (saw_text_ || saw_other_part_) {
    emit_finish(FinishReason::kStop, sink, finish_reason_);
  } else {
    fail_useless(
        parts_.empty() ? "Gemini gave an empty answer" : "Gemini only thought and gave no answer",
        "empty_answer");
  }
}

void GeminiDecoder::finish(EventSink& shown) {
  EventSink& sink = characters_.before(shown);
  context_.notices->show(sink);
  if (!damaged_.empty() || !saw_chunk_) fail_cut();
  if (!saw_candidate_ && !block_reason_.empty()) {
    sink.on_event(WarningEvent{"Gemini blocked the request (" + block_reason_ + "); rephrase it"});
    emit_finish(FinishReason::kContentFilter, sink, block_reason_);
    return;
  }
  if (finish_reason_.empty()) {
    if (!single_body_) fail_cut();
    if (!saw_candidate_) fail_useless("Gemini answered without any candidate", "empty_answer");
    finish_stop(sink);
    return;
  }
  const std::string& reason = finish_reason_;
  const std::string said =
      finish_message_.empty() ? "" : ": " + vendor::one_line(finish_message_, 200);
  if (reason == "STOP") {
    finish_stop(sink);
  } else if (reason == "MAX_TOKENS" || reason == "CONTINUATION") {
    drop_calls(sink, "the answer reached its length limit");
    if (!saw_text_) {
      sink.on_event(WarningEvent{
          "the length limit was used up before any answer; raise max-output-tokens or lower "
          "thinking"});
    }
    emit_finish(FinishReason::kLength, sink, reason);
  } else if (vendor::end_word(reason) == vendor::EndWord::kFiltered) {
    drop_calls(sink, "the answer was stopped by a content filter");
    sink.on_event(WarningEvent{"Gemini stopped the answer (" + reason + "); rephrase" + said});
    emit_finish(FinishReason::kContentFilter, sink, reason);
  } else if (vendor::end_word(reason) == vendor::EndWord::kMalformed) {
    fail_useless("Gemini wrote a function call nobody can read (" + reason + ")",
                 vendor::lower(reason), said);
  } else if (vendor::end_word(reason) == vendor::EndWord::kFailed) {
    vendor::ErrorBody body;
    body.message = "the answer ended with " + vendor::one_line(reason, 60) + said;
    fail_inside(body);
  } else if (reason == "TOO_MANY_TOOL_CALLS") {
    fail_protocol(
        "Gemini kept calling the service's own tools; rephrase, or choose another --model" + said,
        vendor::lower(reason), false);
  } else if (reason == "MISSING_THOUGHT_SIGNATURE") {
    fail_protocol("Gemini misses a thought signature in the conversation; start a new one" + said,
                  "signature", false);
  } else {
    drop_calls(sink, "the answer ended with " + vendor::one_line(reason, 60));
    emit_finish(FinishReason::kOther, sink, reason);
  }
}

}  // namespace cartpilot::gemini
