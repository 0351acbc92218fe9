// RetryPolicy: how long to wait before trying again, in one place for the whole program.
//
// Jitter over the upper half of an exponential ceiling; a wait the server asked for wins when it is
// sane and ends the retries when it is not. Values; the random source is injected.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "cartpilot/error.h"

namespace cartpilot::base {

struct RetryPolicy {
  int max_attempts = 3;  ///< including the first
  std::int64_t base_ms = 500;
  std::int64_t ceiling_ms = 8'000;
  std::int64_t longest_asked_wait_ms = 120'000;  ///< a longer Retry-After means: do not retry
  std::int64_t total_budget_ms = 180'000;        ///< sum of waits
};

/// Milliseconds to wait before attempt `next_attempt` (2 = first retry), or nullopt to give up: the
/// error is not retryable, attempts or budget are used up, or the server asked for too long a wait.
/// An asked wait is never shortened; up to a tenth (at most a quarter second) is added, so that
/// clients told the same do not return together. `waited_ms` is what was waited so far; `random`
/// returns 0..1.
std::optional<std::int64_t> retry_wait_ms(const RetryPolicy& policy, const Error& error,
                                          int next_attempt, std::int64_t waited_ms,
                                          const std::function<double()>& random);

}  // namespace cartpilot::base
