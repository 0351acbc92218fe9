// PurchaseLane: the one thread on which writes and purchases of a session run, one after the other.
//
// Calls come from many threads; the session takes one at a time. Between them the lane looks four
// times a second whether a pending question was answered and does what follows, so that a yes
// counts even when no call waits for it. A purchase that has begun is not touched by the
// cancellation of its call. Session, lines and board are borrowed. run() from any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "app/session.h"
#include "mcp/approval_board.h"
#include "mcp/purchase_lines.h"
#include "telemetry/span.h"

namespace cartpilot::host {

class PurchaseLane {
 public:
  struct Reply {
    ToolOutcome outcome;
    std::vector<std::string> lines{};  ///< the program's own words about it
  };

  PurchaseLane(app::ShoppingSession& session, PurchaseLines& lines, ApprovalBoard& board);
  /// Ends after the call that runs, and withdraws the open questions.
  ~PurchaseLane();
  PurchaseLane(const PurchaseLane&) = delete;
  PurchaseLane& operator=(const PurchaseLane&) = delete;

  /// Runs `call` when its turn has come.
  Reply run(const ToolCall& call, const CallContext& context);

 private:
  struct Job {
    explicit Job(const ToolCall& what) : call(what), span(telemetry::Span::current()) {}
    const ToolCall& call;
    const telemetry::SpanContext span;  ///< of the call
    app::Cancellation cancellation;
    Reply reply;
    bool done = false;
  };

  void work();
  void carry_out(Job& job);
  void show_outcome(const Job& job);
  void settle_pending();
  void show_pending();

  app::ShoppingSession& session_;
  PurchaseLines& lines_;
  ApprovalBoard& board_;
  bool reconciled_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job*> jobs_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace cartpilot::host
