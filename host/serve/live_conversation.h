// LiveConversation: one conversation of a person as this process has it: its events for the pages,
// and the shopping session while it talks.
//
// A turn runs on a thread of its own; one at a time. The session is opened by the first turn and
// closed by rest(), so that a conversation that nobody talks in costs a log only. Whoever made it
// borrows services and settings to it. Any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "app/services.h"
#include "app/session.h"
#include "base/clock.h"
#include "serve/event_log.h"
#include "serve/page_approver.h"
#include "serve/turn_events.h"
#include "store/sessions.h"

namespace cartpilot::host {

class LiveConversation {
 public:
  /// What is stored of it, for the thread of the turn too.
  struct Stored {
    std::function<std::optional<store::SessionSummary>()> summary;
    TurnEvents::FindAttempt attempt;
  };

  /// `settings` of the session but for the choice, which is this conversation. `stored` tells what
  /// is stored of it.
  LiveConversation(app::AppServices& services, app::SessionSettings settings, std::string id,
                   Stored stored);
  /// Stops the turn and waits for it; a purchase that is on its way ends first.
  ~LiveConversation();
  LiveConversation(const LiveConversation&) = delete;
  LiveConversation& operator=(const LiveConversation&) = delete;

  const std::string& id() const { return id_; }
  EventLog& events() { return log_; }

  /// Begins a turn with what the person says. Returns its id. Throws Error{kUnavailable, reason
  /// "turn_running"} while another one runs.
  std::string say(const std::string& text, const std::string& run_id = "");
  bool running() const { return running_; }

  /// From where a page goes on that has read the stored messages.
  struct Position {
    bool running = false;
    /// While a turn runs it is shown by its events, from this one on, and only as many messages
    /// belong before them.
    std::int64_t after = 0;
    std::int64_t messages = 0;

    friend bool operator==(const Position&, const Position&) = default;
  };
  Position position() const;
  /// The message that is being written; null between messages.
  Json partial() const { return view_.partial(); }

  /// Stops the turn, but not a purchase that is on its way, however often it is asked for.
  void stop();
  /// The same, and no other turn begins.
  void end();
  /// Stops that as well, at the price of an unknown outcome.
  void abandon();

  /// True when nothing was said for `idle`, or the turn of long ago has ended.
  bool idle_for(std::chrono::seconds idle) const;
  /// Closes the session, unless a turn runs.
  void rest();

 private:
  void run_turn(const std::string& text, const std::string& run);
  std::string title() const;
  void refuse_if_busy() const;
  void wait_for_thread(std::unique_lock<std::mutex>& lock);
  void report(const app::TurnReport& report);
  void fail(const std::string& message, const std::string& code);
  void end_turn();
  app::ShoppingSession& session();

  app::AppServices& services_;
  app::SessionSettings settings_;
  const std::string id_;
  const Stored stored_;
  EventLog log_;
  TurnEvents view_;
  PageApprover approver_;
  app::Cancellation cancellation_;
  std::atomic<bool> running_{false};
  std::atomic<base::SteadyTime> last_used_{base::steady_now()};
  mutable std::mutex mutex_;  ///< of begin and end of turns, and of what follows
  bool ending_ = false;
  Position begun_;                                 ///< at the begin of the turn
  bool lost_lease_ = false;                        ///< in this turn; of its thread
  std::unique_ptr<app::ShoppingSession> session_;  ///< of the turn while one runs
  bool has_thread_ = false;                        ///< one runs a turn, or is about to end
  std::condition_variable thread_ended_;
};

}  // namespace cartpilot::host
