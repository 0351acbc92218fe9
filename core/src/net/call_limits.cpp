#include "net/call_limits.h"

#include <poll.h>

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "net/failure.h"

namespace cartpilot::net {
namespace {

constexpr std::chrono::milliseconds kNoLimit = std::chrono::hours(24 * 365);

std::chrono::milliseconds limit_of(std::int64_t ms) {
  return ms > 0 ? std::min(std::chrono::milliseconds(ms), kNoLimit) : kNoLimit;
}

[[noreturn]] void time_out(const char* reason, bool retryable, const std::string& message) {
  fail(ErrorCode::kDeadline, reason, message, retryable);
}

}  // namespace

CallLimits::CallLimits(const HttpRequest& request, const CallContext& context)
    : CallLimits(limit_of(request.total_timeout_ms), context) {
  connect_limit_ = limit_of(request.connect_timeout_ms);
  idle_limit_ = limit_of(request.idle_timeout_ms);
  if (const std::int64_t deadline = context.deadline_unix_ms(); deadline > 0) {
    const auto now = base::system_now().time_since_epoch();
    const Milliseconds left =
        Milliseconds(deadline) - std::chrono::duration_cast<Milliseconds>(now);
    end_ = std::min(end_, connect_since_ + std::min(left, kNoLimit));
  }
}

CallLimits::CallLimits(std::chrono::milliseconds total, const CallContext& context)
    : context_(context),
      connect_limit_(kNoLimit),
      idle_limit_(kNoLimit),
      connect_since_(base::steady_now()),
      waiting_since_(connect_since_),
      end_(connect_since_ + total) {}

void CallLimits::connect_again() {
  phase_ = Phase::kConnect;
  connect_since_ = base::steady_now();
}

int CallLimits::wait_ms() const {
  if (context_.cancelled()) throw Error(ErrorCode::kCancelled, "the request was cancelled");
  const Clock::time_point now = base::steady_now();
  if (now >= end_) {
    time_out("total_timeout", false,
             "the answer was not complete in the time allowed; allow more time or ask for less");
  }
  Clock::time_point next = end_;
  if (phase_ == Phase::kConnect) {
    if (now - connect_since_ >= connect_limit_) {
      time_out("connect_timeout", true,
               fmt::format("no connection within {} ms; check the address and the network",
                           connect_limit_.count()));
    }
    next = std::min(next, connect_since_ + connect_limit_);
  } else {
    if (now - waiting_since_ >= idle_limit_) {
      time_out(
          "idle_timeout", true,
          fmt::format("the server was silent for {} ms; try again later", idle_limit_.count()));
    }
    next = std::min(next, waiting_since_ + idle_limit_);
  }
  const auto left = std::chrono::ceil<Milliseconds>(next - now);
  return static_cast<int>(std::clamp(left, Milliseconds(1), Milliseconds(kLongestWaitMs)).count());
}

void wait_for_descriptor(int descriptor, short events, const CallLimits& limits) {
  for (;;) {
    pollfd waiting{descriptor, events, 0};
    // Failures of poll itself (EINTR) are as good as a time-out: ask again.
    if (::poll(&waiting, 1, limits.wait_ms()) > 0) return;
  }
}

}  // namespace cartpilot::net
