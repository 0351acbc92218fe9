// TurnRunner: one turn of a conversation the way the program runs it, retries included.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chat/session.h"
#include "provider_testing.h"

namespace cartpilot::openai::testing {

class TurnRunner final : public chat::ChatObserver,
                         public chat::MessageLog,
                         public chat::CallGuard {
 public:
  explicit TurnRunner(RequestFixture& counter)
      : router_(*this), session_(counter.provider, router_, *this, *this, options(counter)) {}

  /// How the turn ended; waits and the error are in the members.
  std::string turn() {
    waits.clear();
    const chat::TurnResult result = session_.run_turn("Hi", context_);
    error = result.error;
    return result.finish + (result.text.empty() ? "" : " " + result.text);
  }

  void on_event(const StreamEvent&) override {}
  void on_tool_call(const ToolCall&) override {}
  void on_tool_result(const ToolCall&, const ToolResult&, std::int64_t) override {}
  void on_retry(std::int64_t wait_ms, const std::string&) override { waits.push_back(wait_ms); }
  void append(const Message&) override {}
  std::optional<ToolOutcome> before_write(ToolCall&) override { return std::nullopt; }
  void after_write(const ToolCall&, const ToolOutcome&) override {}
  ToolOutcome run_money(const ToolCall&, const CallContext&) override { return {}; }
  void begin_turn() override {}

  std::vector<std::int64_t> waits;
  std::optional<Error> error;

 private:
  static chat::ChatOptions options(const RequestFixture& counter) {
    chat::ChatOptions made;
    made.provider = "openai";
    made.model = counter.request.model;
    made.retry.base_ms = 20;
    return made;
  }

  CallContext context_;
  chat::ToolRouter router_;
  chat::ChatSession session_;
};

}  // namespace cartpilot::openai::testing
