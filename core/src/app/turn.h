// Turn: what one wish of the person, or one batch of calls, sets going in a session.
//
// A session has one turn at a time. A turn runs on the thread that calls say() or run(), and ends
// when its Cancellation is tripped, from any thread or from a signal handler. What happens in it
// goes to the observers of the session; what came of it is the report.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "cartpilot/error.h"
#include "cartpilot/http.h"
#include "cartpilot/tool.h"
#include "chat/session.h"
#include "purchase/gate.h"

namespace cartpilot::app {

class ShoppingSession;

/// Stops one turn. Lock-free, so a signal handler may call cancel().
class Cancellation final : public CallContext {
 public:
  /// The first call cancels what runs, except a purchase that is on its way; a second one ends the
  /// wait for that as well, at the price of an unknown outcome. True when there was one before.
  bool cancel() noexcept { return requests_++ > 0; }
  /// For the next turn.
  void reset() noexcept { requests_ = 0; }

  bool cancelled() const noexcept override { return seen_requests() > 0; }
  bool cancelled_twice() const noexcept { return seen_requests() > 1; }
  /// How often cancel() was called; a signal handler may ask.
  int requests() const noexcept { return requests_; }

 private:
  /// Those that came, or came when this run was recorded.
  int seen_requests() const noexcept;

  mutable std::atomic<int> requests_{0};
  static_assert(std::atomic<int>::is_always_lock_free);
};

enum class TurnEnd {
  kAnswered,
  kLimit,  ///< the model went on for too long
  kCancelled,
  kModelFailed,      ///< the vendor, or the plugin that talks to it
  kCartPilotFailed,  ///< the model answered, but CartPilot did not
  kNotStored         ///< answered, but the conversation could not be kept
};

struct TurnReport {
  chat::TurnResult result;
  TurnEnd end = TurnEnd::kAnswered;
  std::optional<Error> error;  ///< for the person; of the three ends that are failures
  std::string notice;          ///< for the person, beside another end; "" = none
};

class Turn {
 public:
  /// Both are borrowed. Throws Error{kUnavailable, reason "turn_running"} while the session has
  /// another turn.
  Turn(ShoppingSession& session, const Cancellation& cancellation);
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  /// Gives the model a message and carries out what it asks for. For sessions with a model.
  TurnReport say(const std::string& text);

  /// Carries out calls for a program that has its model elsewhere. Results are in the order of the
  /// calls; see chat::ToolRouter::run(). Throws Error when the conversation cannot be kept.
  std::vector<ToolResult> run(const std::vector<ToolCall>& calls);

  /// Looks into purchases that an earlier process left unfinished and tells the session's observer
  /// about each. Waits 20 s at most. Comes before the first call that is more than a look: from
  /// then on the conversation belongs to its CartPilot. Throws Error when the state fails.
  void reconcile();

  /// See PurchaseGate::settle_pending().
  std::vector<purchase::SettledApproval> settle_pending();

 private:
  ShoppingSession& session_;
  const Cancellation& cancellation_;
};

}  // namespace cartpilot::app
