#include "chat/session.h"

#include <fmt/format.h>

#include <cctype>
#include <chrono>
#include <utility>

#include "base/random.h"
#include "base/wait.h"
#include "chat/message_redaction.h"
#include "telemetry/span.h"
#include "text/redaction.h"

namespace cartpilot::chat {

namespace {

ToolResult result_of(const ToolCall& call, const ToolOutcome& outcome) {
  ToolResult result;
  result.call_id = call.id;
  result.name = call.name;
  result.content = outcome.content;
  result.is_error = !outcome.ok;
  result.provider_metadata = call.provider_metadata;
  return result;
}

Message message_of(std::vector<ToolResult> results) {
  Message message;
  message.role = Role::kTool;
  for (ToolResult& result : results) message.parts.emplace_back(std::move(result));
  return message;
}

/// Why calls of a finished answer must not run, "" when they may.
std::string unusable_because(FinishReason reason) {
  if (reason == FinishReason::kLength) {
    return "The answer was cut at the length limit, so this call was not run. Ask again with fewer "
           "calls.";
  }
  if (reason == FinishReason::kContentFilter) {
    return "The answer was stopped by the vendor's content filter, so this call was not run.";
  }
  return "";
}

std::string finish_word(FinishReason reason) {
  switch (reason) {
    case FinishReason::kLength: return "length";
    case FinishReason::kContentFilter: return "content_filter";
    default: return "stop";
  }
}

/// The vendor as the conventions for generative AI call it.
std::string conventional_name(const std::string& provider) {
  return provider == "gemini" ? "gcp.gemini" : provider;
}

void tell_request(telemetry::Span& span, const std::string& provider,
                  const GenerateRequest& request) {
  span.set("gen_ai.operation.name", "chat");
  span.set("gen_ai.provider.name", conventional_name(provider));
  span.set("gen_ai.request.model", request.model);
  span.set("gen_ai.request.stream", request.stream);
  if (request.max_output_tokens) span.set("gen_ai.request.max_tokens", *request.max_output_tokens);
  if (const std::string& conversation = span.context().conversation; !conversation.empty()) {
    span.set("gen_ai.conversation.id", conversation);
  }
}

void tell_answer(telemetry::Span& span, const StreamAssembler& assembler) {
  if (const auto first = assembler.first_ms()) {
    span.set("gen_ai.response.time_to_first_chunk", static_cast<double>(*first) / 1000);
  }
  const Finish& finish = assembler.finish();
  if (!finish.model.empty()) span.set("gen_ai.response.model", finish.model);
  if (!finish.raw_reason.empty()) {
    span.set("gen_ai.response.finish_reasons", Json::array({finish.raw_reason}));
  }
  const Usage& usage = assembler.usage();
  if (usage == Usage()) return;  // the vendor did not say
  span.set("gen_ai.usage.input_tokens", usage.input_tokens);
  span.set("gen_ai.usage.output_tokens", usage.output_tokens);
  if (usage.cached_tokens > 0) {
    span.set("gen_ai.usage.cache_read.input_tokens", usage.cached_tokens);
  }
  if (usage.reasoning_tokens > 0) {
    span.set("gen_ai.usage.reasoning.output_tokens", usage.reasoning_tokens);
  }
}

}  // namespace

std::string model_family(const std::string& model) {
  std::size_t end = 0;
  while (end < model.size() && std::isalpha(static_cast<unsigned char>(model[end]))) ++end;
  return model.substr(0, end);
}

ChatSession::ChatSession(LLMProvider& provider, ToolRouter& router, ChatObserver& observer,
                         MessageLog& log, ChatOptions options, RequestMeter* meter)
    : provider_(&provider),
      router_(router),
      observer_(observer),
      log_(log),
      meter_(meter),
      options_(std::move(options)),
      guard_(options_.limits, router.specs()) {
  if (options_.model.empty()) options_.model = provider.info().default_model;
  request_.tools = router_.specs();
  request_.system = text::redact(options_.system);
  request_.stream = options_.stream;
  request_.max_output_tokens = options_.max_output_tokens;
}

const std::vector<Message>& ChatSession::history() const { return request_.messages; }

std::string ChatSession::model() const { return options_.model; }

void ChatSession::keep(Message message) {
  request_.messages.push_back(redacted(std::move(message)));
  store_messages();
}

/// Stores what is not stored yet, in order, so that the log never has a hole. A failure stops
/// neither tools nor purchases in their middle; it is reported at the end of the turn.
void ChatSession::store_messages() {
  if (store_failure_) return;
  try {
    for (; stored_ < request_.messages.size(); ++stored_) {
      log_.append(request_.messages[stored_]);
    }
  } catch (const Error& error) {
    store_failure_ = error;
  }
}

TurnResult ChatSession::run_turn(const std::string& user_text, const CallContext& context) {
  TurnResult turn;
  store_failure_.reset();
  guard_.begin_turn();
  router_.guard().begin_turn();
  if (meter_ != nullptr) meter_->begin_turn();
  request_.model = options_.model;
  keep(Message::user(user_text));
  try {
    while (true) {
      if (!guard_.may_start_round()) {
        if (observer_.goes_on_after(guard_.reached_limit())) {
          guard_.allow_more();
          continue;
        }
        turn.finish = context.cancelled() ? "cancelled" : "limit";
        turn.text = guard_.limit_message();
        break;
      }
      Message assistant = generate(context, turn);
      const FinishReason reason = last_finish_;
      const bool has_calls = !tool_calls_of(assistant).empty();
      const std::string text = text_of(assistant);
      if (!text.empty()) turn.text = text;
      keep(assistant);
      if (!has_calls) {
        turn.finish = finish_word(reason);
        break;
      }
      answer_calls(assistant, reason, context);
      if (context.cancelled()) {
        turn.finish = "cancelled";
        break;
      }
    }
  } catch (const Error& error) {
    turn.finish =
        error.code == ErrorCode::kCancelled || context.cancelled() ? "cancelled" : "error";
    if (turn.finish == "error") turn.error = error;
  }
  total_usage_ += turn.usage;
  turn.not_stored = store_failure_;
  return turn;
}

/// One request. The meter is told how it ended.
void ChatSession::ask(StreamAssembler& assembler, int attempt, const CallContext& context) {
  telemetry::Span span("chat " + request_.model, telemetry::SpanKind::kClient);
  tell_request(span, options_.provider, request_);
  if (meter_ != nullptr) meter_->before(options_.provider, request_, attempt);
  RequestResult result;
  const auto end = [&](const Error* error) {
    tell_answer(span, assembler);
    if (error != nullptr) {
      span.fail(error->reason.empty() ? std::string(error_code_name(error->code)) : error->reason);
    }
    if (meter_ == nullptr) return;
    result.usage = assembler.usage();
    result.model = assembler.finish().model;
    result.first_ms = assembler.first_ms();
    result.error = error;
    meter_->after(result);
  };
  try {
    provider_->generate(request_, assembler, context);
    if (!assembler.complete()) {
      Error cut(ErrorCode::kUnavailable, "the answer ended before it was complete");
      cut.retryable = true;
      cut.reason = "stream_cut";
      throw cut;
    }
  } catch (const Error& error) {
    end(&error);
    throw;
  }
  end(nullptr);
}

Message ChatSession::generate(const CallContext& context, TurnResult& turn) {
  std::int64_t waited_ms = 0;
  for (int attempt = 1;; ++attempt) {
    if (context.cancelled()) throw Error(ErrorCode::kCancelled, "cancelled");
    StreamAssembler assembler(observer_);
    try {
      ask(assembler, attempt, context);
      turn.usage += assembler.usage();
      ++turn.steps;
      last_finish_ = assembler.finish().reason;
      return assembler.take(options_.provider, options_.model);
    } catch (const Error& error) {
      const auto wait = assembler.shown() || context.cancelled()
                            ? std::nullopt
                            : base::retry_wait_ms(options_.retry, error, attempt + 1, waited_ms,
                                                  base::random_fraction);
      if (!wait) {
        // What the person already read stays in the history, so that the model knows it too; of a
        // flood its beginning, or every later request would carry it.
        std::string partial = assembler.text_so_far(kMaxKeptOfCutAnswer);
        if (!partial.empty() && error.reason != kTooManyCalls) {
          turn.text = partial;
          Message unfinished;
          unfinished.role = Role::kAssistant;
          unfinished.provider = options_.provider;
          unfinished.model = options_.model;
          unfinished.parts.push_back(TextPart{std::move(partial) + " [interrupted]", nullptr});
          keep(std::move(unfinished));
        }
        throw;
      }
      observer_.on_retry(*wait, error.what());
      base::wait_unless_cancelled(std::chrono::milliseconds(*wait), context);
      waited_ms += *wait;
    }
  }
}

void ChatSession::answer_calls(const Message& assistant, FinishReason reason,
                               const CallContext& context) {
  const std::vector<ToolCall> calls = tool_calls_of(assistant);
  const std::string unusable = unusable_because(reason);
  std::vector<std::optional<ToolResult>> results(calls.size());
  std::vector<std::int64_t> milliseconds(calls.size(), 0);
  std::vector<ToolCall> allowed;
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    observer_.on_tool_call(calls[i]);
    if (!unusable.empty()) {
      results[i] = result_of(calls[i], tool_error("ANSWER_INCOMPLETE", unusable));
    } else if (const auto refusal = guard_.check(calls[i])) {
      results[i] = result_of(calls[i], *refusal);
    } else {
      allowed.push_back(calls[i]);
      positions.push_back(i);
    }
  }
  std::size_t done = 0;
  const std::vector<ToolResult> run = router_.run(
      allowed, context, [&](const ToolCall&, const ToolResult&, std::chrono::milliseconds ms) {
        if (done < positions.size()) milliseconds[positions[done++]] = ms.count();
      });
  for (std::size_t i = 0; i < run.size(); ++i) results[positions[i]] = run[i];

  std::vector<ToolResult> ordered;
  for (std::optional<ToolResult>& result : results) ordered.push_back(std::move(*result));
  keep(message_of(ordered));  // first: what was done outlasts a view that fails
  for (std::size_t i = 0; i < calls.size(); ++i) {
    observer_.on_tool_result(calls[i], ordered[i], milliseconds[i]);
  }
}

std::string ChatSession::switch_provider(LLMProvider& provider, const std::string& name,
                                         const std::string& model) {
  provider_ = &provider;
  options_.provider = name;
  options_.model = model.empty() ? provider.info().default_model : model;
  return drop_foreign_metadata();
}

std::string ChatSession::drop_foreign_metadata() {
  int dropped = 0;
  const auto drop = [&dropped](Json& metadata) {
    if (metadata.is_null()) return;
    metadata = nullptr;
    ++dropped;
  };
  bool foreign = false;
  for (Message& message : request_.messages) {
    // Results follow the calls they answer: their metadata is as foreign as that of the message
    // before.
    if (message.role == Role::kAssistant) {
      foreign = message.provider != options_.provider ||
                model_family(message.model) != model_family(options_.model);
    }
    if (!foreign) continue;
    drop(message.provider_metadata);
    for (Part& part : message.parts) {
      std::visit([&drop](auto& content) { drop(content.provider_metadata); }, part);
    }
  }
  if (dropped == 0) return "";
  return fmt::format(
      "the vendor's private notes on {} earlier parts (such as thought signatures) do not fit {} "
      "and "
      "were left out",
      dropped, options_.model.empty() ? options_.provider : options_.model);
}

std::string ChatSession::restore(std::vector<Message> messages) {
  request_.messages = std::move(messages);
  stored_ = request_.messages.size();
  if (!request_.messages.empty() && request_.messages.back().role == Role::kAssistant) {
    std::vector<ToolResult> results;
    for (const ToolCall& call : tool_calls_of(request_.messages.back())) {
      results.push_back(
          result_of(call, tool_error("CANCELLED",
                                     "The program ended before the result of this call was kept; "
                                     "it may have been carried out. Look before you repeat it.")));
    }
    if (!results.empty()) keep(message_of(std::move(results)));
  }
  return drop_foreign_metadata();
}

}  // namespace cartpilot::chat
