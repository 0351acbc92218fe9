// CallLimits: everything that may end one call early, asked in one place.
//
// Cancelling, the caller's deadline, the total, the connect and the idle time-out. Every wait in
// this module lasts at most wait_ms() and then asks again, so a call ends within about 20 ms of the
// moment it should. Lives as long as one call, on its thread; refers to the caller's context.
#pragma once

#include <chrono>

#include "base/clock.h"
#include "cartpilot/http.h"

namespace cartpilot::net {

class CallLimits {
 public:
  static constexpr int kLongestWaitMs = 20;

  /// Starts in the connect phase. Time-outs of 0 or less mean no limit.
  CallLimits(const HttpRequest& request, const CallContext& context);

  /// For a short job after the answer: only `total` and cancelling count.
  CallLimits(std::chrono::milliseconds total, const CallContext& context);

  /// From now on silence is measured instead of the time to connect.
  void connected() { phase_ = Phase::kTransfer; }
  /// Back to measuring the time to connect, from zero.
  void connect_again();
  /// A wait for the other side begins: silence counts from here.
  void start_waiting() { waiting_since_ = base::steady_now(); }

  /// How long to sleep before asking again: 1 to 20 ms. Throws Error{kCancelled} or {kDeadline}
  /// when the call is over.
  int wait_ms() const;
  /// Throws like wait_ms().
  void check() const { static_cast<void>(wait_ms()); }

 private:
  using Clock = std::chrono::steady_clock;
  using Milliseconds = std::chrono::milliseconds;
  enum class Phase { kConnect, kTransfer };

  const CallContext& context_;
  Phase phase_ = Phase::kConnect;
  Milliseconds connect_limit_;
  Milliseconds idle_limit_;
  Clock::time_point connect_since_;
  Clock::time_point waiting_since_;
  Clock::time_point end_ = Clock::time_point::max();
};

/// Waits until `descriptor` is ready for `events` (POLLIN, POLLOUT) or has failed.
void wait_for_descriptor(int descriptor, short events, const CallLimits& limits);

}  // namespace cartpilot::net
