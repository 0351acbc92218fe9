#include "net/call_timeouts.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "base/clock.h"
#include "net/failure.h"

namespace cartpilot::net {
namespace {

constexpr std::chrono::milliseconds kNoLimit = std::chrono::hours(24 * 365);
constexpr std::chrono::milliseconds kLongestWait{20};

std::chrono::milliseconds limit_of(std::int64_t ms) {
  return ms > 0 ? std::min(std::chrono::milliseconds(ms), kNoLimit) : kNoLimit;
}

[[noreturn]] void time_out(const char* reason, bool retryable, const std::string& message) {
  fail(ErrorCode::kDeadline, reason, message, retryable);
}

}  // namespace

CallTimeouts::CallTimeouts(const HttpRequest& request, const CallContext& context)
    : context_(context),
      connect_limit_(limit_of(request.connect_timeout_ms)),
      idle_limit_(limit_of(request.idle_timeout_ms)),
      started_at_(base::steady_now()),
      alive_at_(started_at_),
      end_(started_at_ + limit_of(request.total_timeout_ms)) {
  if (const std::int64_t deadline = context.deadline_unix_ms(); deadline > 0) {
    const auto now = base::system_now().time_since_epoch();
    const Milliseconds left =
        Milliseconds(deadline) - std::chrono::duration_cast<Milliseconds>(now);
    end_ = std::min(end_, started_at_ + std::min(left, kNoLimit));
  }
}

int CallTimeouts::wait_ms() const {
  if (context_.cancelled()) throw Error(ErrorCode::kCancelled, "the request was cancelled");
  const Clock::time_point now = base::steady_now();
  if (now >= end_) {
    time_out("total_timeout", false,
             "the answer was not complete in the time allowed; allow more time or ask for less");
  }
  const Clock::time_point next =
      connecting_ ? started_at_ + connect_limit_ : alive_at_ + idle_limit_;
  if (now >= next && connecting_) {
    time_out("connect_timeout", true,
             fmt::format("no connection within {} ms; check the address and the network",
                         connect_limit_.count()));
  }
  if (now >= next) {
    time_out("idle_timeout", true,
             fmt::format("the server was silent for {} ms; try again later", idle_limit_.count()));
  }
  const auto left = std::chrono::ceil<Milliseconds>(std::min(next, end_) - now);
  return static_cast<int>(std::clamp(left, Milliseconds(1), kLongestWait).count());
}

}  // namespace cartpilot::net
