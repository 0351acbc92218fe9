// CallTimeouts: everything that may end one call early, asked in one place.
//
// Cancelling, the caller's deadline, the total, the connect and the idle time-out. Every wait on
// the network lasts at most wait_ms() and then asks again, so a call ends within about 20 ms of the
// moment it should. Lives as long as one call, on its thread; refers to the caller's context.
#pragma once

#include <chrono>

#include "base/clock.h"
#include "cartpilot/http.h"

namespace cartpilot::net {

class CallTimeouts {
 public:
  /// Starts in the connect phase. Time-outs of 0 or less mean no limit.
  CallTimeouts(const HttpRequest& request, const CallContext& context);

  /// From now on silence is measured instead of the time to connect.
  void connected() {
    connecting_ = false;
    alive();
  }
  /// A byte went out or came in: silence counts from here.
  void alive() { alive_at_ = base::steady_now(); }

  /// How long to sleep before asking again: 1 to 20 ms. Throws Error{kCancelled} or {kDeadline}
  /// when the call is over.
  int wait_ms() const;
  /// Throws like wait_ms().
  void check() const { static_cast<void>(wait_ms()); }

 private:
  using Clock = std::chrono::steady_clock;
  using Milliseconds = std::chrono::milliseconds;

  const CallContext& context_;
  bool connecting_ = true;
  const Milliseconds connect_limit_;
  const Milliseconds idle_limit_;
  const Clock::time_point started_at_;
  Clock::time_point alive_at_;
  Clock::time_point end_;
};

}  // namespace cartpilot::net
