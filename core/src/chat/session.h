// ChatSession: one conversation between a person, a model and tools.
//
// run_turn() sends the person's text, streams the answer to the observer, runs the tools the model
// asks for through the router, and goes on until the model answers without calls or a limit is
// reached. Tools run only after a clean end of an answer: a cut stream is an error and runs
// nothing. The history stays valid whatever happens: every call gets an answer, also when the turn
// was cancelled. Provider, router, observer, log and meter are borrowed. One thread; cancellation
// comes through the CallContext.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/retry_policy.h"
#include "cartpilot/llm_provider.h"
#include "chat/loop_guard.h"
#include "chat/request_meter.h"
#include "chat/stream_assembler.h"
#include "chat/tool_router.h"

namespace cartpilot::chat {

/// Watches a conversation. Called on the thread of run_turn(), in the order things happen.
class ChatObserver : public EventSink {
 public:
  virtual void on_tool_call(const ToolCall& call) = 0;
  virtual void on_tool_result(const ToolCall& call, const ToolResult& result, std::int64_t ms) = 0;
  virtual void on_retry(std::int64_t wait_ms, const std::string& reason) = 0;
  /// A turn reached the limit `limit` ("12 rounds"). True: it goes on for as much again.
  virtual bool goes_on_after(const std::string& limit) {
    (void)limit;
    return false;
  }
};

/// Stores messages. Called for every message as soon as it is final; what could not be stored is
/// given again, before anything that came after it.
class MessageLog {
 public:
  virtual ~MessageLog() = default;
  /// The message is stored when this returns. Throws Error when it cannot be.
  virtual void append(const Message& message) = 0;
};

struct ChatOptions {
  std::string provider;  ///< name of the provider, for tagging messages
  std::string model;     ///< "" = the provider's default
  std::string system;
  bool stream = true;
  std::optional<std::int64_t> max_output_tokens;  ///< of one answer; absent = the vendor's default
  LoopLimits limits;
  base::RetryPolicy retry;
};

struct TurnResult {
  std::string text;             ///< the whole answer
  std::string finish = "stop";  ///< stop, length, content_filter, cancelled, limit, error
  int steps = 0;                ///< answers of the model in this turn
  Usage usage;                  ///< sum over the steps
  std::optional<Error> error;   ///< set when finish is "error"
  /// Why messages of this turn are not stored yet; the next turn tries again.
  std::optional<Error> not_stored;
};

class ChatSession {
 public:
  /// `meter` may be null.
  ChatSession(LLMProvider& provider, ToolRouter& router, ChatObserver& observer, MessageLog& log,
              ChatOptions options, RequestMeter* meter = nullptr);

  TurnResult run_turn(const std::string& user_text, const CallContext& context);

  /// Continues with another provider or model. Opaque metadata of the other family is dropped from
  /// the history; returns the notice to show, "" when nothing was dropped.
  std::string switch_provider(LLMProvider& provider, const std::string& name,
                              const std::string& model);

  /// Puts an earlier conversation in front. Calls left open by a killed program are answered
  /// "cancelled"; metadata of another provider is dropped. Returns the notice, "" = none.
  std::string restore(std::vector<Message> messages);

  /// All messages.
  const std::vector<Message>& history() const;
  const ChatOptions& options() const { return options_; }
  std::string model() const;
  const Usage& total_usage() const { return total_usage_; }

 private:
  Message generate(const CallContext& context, TurnResult& turn);
  void ask(StreamAssembler& assembler, int attempt, const CallContext& context);
  void answer_calls(const Message& assistant, FinishReason reason, const CallContext& context);
  void keep(Message message);
  void store_messages();
  std::string drop_foreign_metadata();

  LLMProvider* provider_;
  ToolRouter& router_;
  ChatObserver& observer_;
  MessageLog& log_;
  RequestMeter* const meter_;
  ChatOptions options_;
  GenerateRequest request_;             ///< holds the history, so that a turn copies nothing
  std::size_t stored_ = 0;              ///< messages of the history that are in the log
  std::optional<Error> store_failure_;  ///< of this turn, in which nothing more is stored
  LoopGuard guard_;
  Usage total_usage_;
  FinishReason last_finish_ = FinishReason::kStop;
};

/// Leading letters of a model id: "gemini-3.8-flash" -> "gemini". Opaque metadata is only sent
/// within one family.
std::string model_family(const std::string& model);

}  // namespace cartpilot::chat
