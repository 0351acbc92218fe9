// TurnEvents: the events of a turn, as AG-UI has them, written into the log of the conversation.
//
// Observes the chat session and the purchase gate. Text comes in pieces and is redacted across
// them. One thread, that of the turn; partial() from any.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "chat/session.h"
#include "purchase/gate.h"
#include "purchase/journal.h"
#include "serve/event_log.h"
#include "text/redaction.h"

namespace cartpilot::host {

class TurnEvents final : public chat::ChatObserver, public purchase::PurchaseObserver {
 public:
  /// A purchase of the record.
  using FindAttempt = std::function<std::optional<purchase::Attempt>(const std::string& id)>;

  TurnEvents(EventLog& log, FindAttempt attempt) : log_(log), attempt_(std::move(attempt)) {}

  /// Begins a turn. `run` is its name for clients, who may choose the same twice; its messages are
  /// named by a number of their own. Returns that of what the person said.
  std::string begin(const std::string& thread, const std::string& run);
  /// Ends it.
  void finish(const Usage& usage);
  void fail(const std::string& message, const std::string& code);
  void custom(const std::string& name, Json value);

  /// The message that is being written, as an AG-UI message; null between messages.
  Json partial() const;

  void on_event(const StreamEvent& event) override;
  void on_tool_call(const ToolCall& call) override;
  void on_tool_result(const ToolCall& call, const ToolResult& result, std::int64_t ms) override;
  void on_retry(std::int64_t wait_ms, const std::string& reason) override;

  void on_approval_request(const purchase::ApprovalRequest&) override {}
  void on_approval_decision(const purchase::ApprovalDecision&) override {}
  void on_purchase(const purchase::PurchaseReport& report) override;

 private:
  void put_text(const std::string& text);
  void end_text();

  EventLog& log_;
  const FindAttempt attempt_;
  std::string thread_;
  std::string run_;
  std::string messages_name_;
  int messages_ = 0;
  text::RedactionStream redaction_;  ///< a key split over two events is still a key
  mutable std::mutex mutex_;         ///< of the two below
  std::string open_message_;         ///< id of the message that is being written, "" = none
  std::string text_;                 ///< its text so far
};

}  // namespace cartpilot::host
