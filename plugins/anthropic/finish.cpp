#include <utility>

#include "anthropic/decode.h"
#include "cartpilot/vendor/broken_arguments.h"
#include "cartpilot/vendor/call_arguments.h"
#include "cartpilot/vendor/end_words.h"
#include "cartpilot/vendor/text.h"

// The end of an answer: what its stop reason means, and which ends are failures.

namespace cartpilot::anthropic {

void AnthropicDecoder::emit_finish(FinishReason reason, Json metadata, EventSink& sink) {
  Finish finish;
  finish.reason = reason;
  finish.raw_reason = stop_reason_;
  finish.model = model_;
  finish.provider_metadata = std::move(metadata);
  sink.on_event(finish);
}

Json AnthropicDecoder::metadata_with_blocks() {
  Json blocks = Json::array();
  for (Block& block : content_.blocks()) blocks.push_back(std::move(block.raw));
  return Json{{"endpoint", context_.endpoint},
              {"model", context_.service.model},
              {"content", std::move(blocks)}};
}

/// The answer and each of its calls came to their own ends.
bool AnthropicDecoder::calls_are_whole() {
  for (const Block& block : content_.blocks()) {
    if (block.is_call() && !block.ended) return false;
  }
  if (ended_) return saw_stop_reason_;
  // Whole, but this server does not say so: the next answer is asked for in one body.
  if (saw_stop_reason_ && context_.wants_whole_answers != nullptr)
    *context_.wants_whole_answers = true;
  return false;
}

ToolCall AnthropicDecoder::read_call(Block& block) {
  ToolCall call;
  call.id = block.call_id;
  call.name = string_or(block.raw, "name");
  if (call.name.empty()) {
    call.name = "unnamed_function";
    call.arguments_error = "the call names no function; call it again with its name";
  } else if (block.too_long) {
    call.arguments_error = "the arguments of " + vendor::one_line(call.name, 80) +
                           " are longer than 512 KiB; call it again with less";
  } else {
    block.input = characters_.joined(std::move(block.input));
    vendor::CallArguments read = vendor::read_call_arguments(
        block.input.empty() ? block.raw["input"] : Json(block.input), call.name);
    call.arguments = std::move(read.value);
    call.arguments_error = std::move(read.problem);
    vendor::refuse_half_characters(characters_, call);
  }
  if (call.arguments_error.empty()) {
    block.raw["input"] = call.arguments;
  } else {
    // What goes back must be an object; the model sees what it wrote.
    const std::string wrote = block.input.empty() ? dump_json(block.raw["input"]) : block.input;
    block.raw["input"] = Json{{"unreadable", vendor::one_line(wrote, 2000)}};
  }
  return call;
}

void AnthropicDecoder::finish_calls(EventSink& sink) {
  if (!calls_are_whole()) throw vendor::stream_cut(context_.service);
  std::vector<ToolCall> calls;
  for (Block& block : content_.blocks()) {
    if (block.is_call()) calls.push_back(read_call(block));
  }
  for (ToolCall& call : calls) sink.on_event(ToolCallEvent{std::move(call)});
  emit_finish(FinishReason::kToolCalls, metadata_with_blocks(), sink);
}

void AnthropicDecoder::finish_refused(EventSink& sink) {
  vendor::warn_of_dropped_calls(content_.calls(), "the answer was refused", sink);
  const std::string category = vendor::one_line(string_or(stop_details_, "category"), 60);
  const std::string why = vendor::one_line(string_or(stop_details_, "explanation"), 300);
  sink.on_event(WarningEvent{context_.service.model + " refused to answer" +
                             (category.empty() ? "" : " (" + category + ")") +
                             (why.empty() ? "" : ": " + why) +
                             "; rephrase. The refused words are left out of what it is sent from "
                             "now on."});
  emit_finish(FinishReason::kContentFilter,
              Json{{"endpoint", context_.endpoint}, {"refused", true}}, sink);
}

/// Half blocks cannot go back; the words that were shown stand in for all of them.
void AnthropicDecoder::finish_too_long(EventSink& sink) {
  const bool full = stop_reason_ == "model_context_window_exceeded";
  vendor::warn_of_dropped_calls(
      content_.calls(),
      full ? "the model's context is full" : "the answer reached its length limit", sink);
  if (full) {
    sink.on_event(WarningEvent{"the conversation fills the context of " + context_.service.model +
                               "; start a new one"});
  } else if (!content_.has_text()) {
    sink.on_event(WarningEvent{
        "the length limit was used up before any answer; raise max-output-tokens or lower "
        "thinking"});
  }
  emit_finish(FinishReason::kLength, nullptr, sink);
}

void AnthropicDecoder::finish(EventSink& target) {
  context_.notices->show(target);
  EventSink& sink = characters_.before(target);
  if (!begun_ || (!ended_ && !saw_stop_reason_)) throw vendor::stream_cut(context_.service);
  vendor::throw_failed_end(stop_reason_, context_.service, context_.second_try);
  if (stop_reason_ == "refusal") return finish_refused(sink);
  if (vendor::end_word(stop_reason_) == vendor::EndWord::kFiltered) return finish_refused(sink);
  if (stop_reason_ == "max_tokens" || stop_reason_ == "model_context_window_exceeded") {
    return finish_too_long(sink);
  }
  // What was called decides, not the word: servers say "end_turn" with calls, "tool_use" without.
  bool other = false;
  for (const Block& block : content_.blocks()) {
    other = other || !(block.is("text") || block.is("thinking") || block.is("redacted_thinking"));
  }
  if (content_.calls() > 0) return finish_calls(sink);
  if (!content_.has_text() && !other) {
    const char* what =
        content_.blocks().empty() ? " gave an empty answer" : " only thought and gave no answer";
    throw vendor::useless_answer(*context_.second_try, "empty_answer",
                                 context_.service.title + what);
  }
  const bool stop = stop_reason_ == "end_turn" || stop_reason_ == "stop_sequence" ||
                    stop_reason_ == "tool_use" || stop_reason_ == "compaction";
  emit_finish(stop ? FinishReason::kStop : FinishReason::kOther, metadata_with_blocks(), sink);
}

}  // namespace cartpilot::anthropic
