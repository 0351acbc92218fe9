#include "base/retry_policy.h"

#include <algorithm>
#include <cmath>

namespace cartpilot::base {
namespace {

constexpr std::int64_t kMaxAddedToAskedWait = 250;

std::int64_t share(double random, std::int64_t of) {
  return std::llround(std::clamp(random, 0.0, 1.0) * static_cast<double>(of));
}

/// base * 2^(retries before this one), stopping at the ceiling before it can overflow.
std::int64_t backoff_ceiling(const RetryPolicy& policy, int next_attempt) {
  std::int64_t ceiling = std::min(policy.base_ms, policy.ceiling_ms);
  for (int i = 2; i < next_attempt && ceiling < policy.ceiling_ms; ++i) {
    ceiling = ceiling > policy.ceiling_ms / 2 ? policy.ceiling_ms : ceiling * 2;
  }
  return ceiling;
}

}  // namespace

std::optional<std::int64_t> retry_wait_ms(const RetryPolicy& policy, const Error& error,
                                          int next_attempt, std::int64_t waited_ms,
                                          const std::function<double()>& random) {
  if (!error.retryable || next_attempt > policy.max_attempts) return std::nullopt;

  std::int64_t wait = 0;
  const std::int64_t asked = error.retry_after_ms.value_or(0);
  if (asked > policy.longest_asked_wait_ms) return std::nullopt;
  if (asked > 0) {
    wait = asked + share(random(), std::min(asked / 10, kMaxAddedToAskedWait));
  } else {
    const std::int64_t ceiling = backoff_ceiling(policy, next_attempt);
    wait = ceiling - share(random(), ceiling / 2);
  }
  if (wait > policy.total_budget_ms - waited_ms) return std::nullopt;
  return wait;
}

}  // namespace cartpilot::base
