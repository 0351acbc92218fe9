#include "base/retry_policy.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>

namespace cartpilot::base {
namespace {

Error retryable(std::optional<std::int64_t> asked = std::nullopt) {
  Error error(ErrorCode::kUnavailable, "busy");
  error.retryable = true;
  error.retry_after_ms = asked;
  return error;
}

std::optional<std::int64_t> wait(const Error& error, int next_attempt, double random,
                                 std::int64_t waited = 0, const RetryPolicy& policy = {}) {
  return retry_wait_ms(policy, error, next_attempt, waited, [random] { return random; });
}

TEST(RetryPolicy, gives_up_on_what_cannot_succeed_later) {
  EXPECT_EQ(wait(Error(ErrorCode::kInvalidArgument, "no"), 2, 0.5), std::nullopt);
}

TEST(RetryPolicy, gives_up_after_the_last_attempt) {
  EXPECT_NE(wait(retryable(), 3, 0.5), std::nullopt);
  EXPECT_EQ(wait(retryable(), 4, 0.5), std::nullopt);
}

TEST(RetryPolicy, waits_between_half_and_all_of_a_doubling_ceiling) {
  RetryPolicy policy;
  policy.max_attempts = 100;
  EXPECT_EQ(wait(retryable(), 2, 0.0, 0, policy), 500);
  EXPECT_EQ(wait(retryable(), 2, 1.0, 0, policy), 250);
  EXPECT_EQ(wait(retryable(), 3, 0.0, 0, policy), 1000);
  EXPECT_EQ(wait(retryable(), 4, 0.5, 0, policy), 1500);
  EXPECT_EQ(wait(retryable(), 6, 0.0, 0, policy), 8000);
  EXPECT_EQ(wait(retryable(), 99, 0.0, 0, policy), 8000);
}

TEST(RetryPolicy, does_not_overflow_with_extreme_settings) {
  RetryPolicy policy;
  policy.max_attempts = std::numeric_limits<int>::max();
  policy.ceiling_ms = std::numeric_limits<std::int64_t>::max() / 4;
  policy.total_budget_ms = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(wait(retryable(), 200, 0.0, 0, policy), policy.ceiling_ms);
}

TEST(RetryPolicy, never_shortens_the_wait_the_server_asked_for) {
  EXPECT_EQ(wait(retryable(20), 2, 0.0), 20);
  EXPECT_EQ(wait(retryable(20), 2, 1.0), 22);
  EXPECT_EQ(wait(retryable(30'000), 2, 0.0), 30'000);
  EXPECT_EQ(wait(retryable(30'000), 2, 1.0), 30'250);
}

TEST(RetryPolicy, backs_off_when_the_server_asked_for_no_wait_at_all) {
  EXPECT_EQ(wait(retryable(0), 2, 0.0), 500);
  EXPECT_EQ(wait(retryable(-5), 2, 0.0), 500);
}

TEST(RetryPolicy, gives_up_when_the_server_asks_for_too_long_a_wait) {
  EXPECT_EQ(wait(retryable(120'000), 2, 0.0), 120'000);
  EXPECT_EQ(wait(retryable(120'001), 2, 0.0), std::nullopt);
}

TEST(RetryPolicy, gives_up_when_the_wait_would_exceed_the_budget) {
  EXPECT_EQ(wait(retryable(60'000), 2, 0.0, 120'000), 60'000);
  EXPECT_EQ(wait(retryable(60'000), 2, 0.0, 120'001), std::nullopt);
  EXPECT_EQ(wait(retryable(), 2, 0.0, 180'000), std::nullopt);
}

}  // namespace
}  // namespace cartpilot::base
