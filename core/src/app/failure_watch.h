// FailureWatch: notices in what a conversation shows that CartPilot itself failed.
//
// The observer it passes everything on to is borrowed. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/service_failure.h"
#include "chat/session.h"

namespace cartpilot::app {

class FailureWatch final : public chat::ChatObserver {
 public:
  explicit FailureWatch(chat::ChatObserver& shown) : shown_(shown) {}
  void on_event(const StreamEvent& event) override { shown_.on_event(event); }
  void on_tool_call(const ToolCall& call) override { shown_.on_tool_call(call); }
  void on_tool_result(const ToolCall& call, const ToolResult& result, std::int64_t ms) override {
    shown_.on_tool_result(call, result, ms);
    if (result.is_error && !failure &&
        is_service_failure(string_or(result.content, "error_code"))) {
      failure = string_or(result.content, "message");
    }
  }
  void on_retry(std::int64_t wait_ms, const std::string& reason) override {
    shown_.on_retry(wait_ms, reason);
  }
  bool goes_on_after(const std::string& limit) override { return shown_.goes_on_after(limit); }

  std::optional<std::string> failure;  ///< first failure of CartPilot in this turn

 private:
  chat::ChatObserver& shown_;
};

}  // namespace cartpilot::app
