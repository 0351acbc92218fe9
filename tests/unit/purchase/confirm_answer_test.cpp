// What a readable answer means; what refusals and silence prove is told by verdict_table_test.cpp.
#include "purchase/confirm_answer.h"

#include <gtest/gtest.h>

namespace cartpilot::purchase {
namespace {

using enum ConfirmVerdict;

TEST(ConfirmAnswer, is_done_only_when_checkout_status_and_total_are_as_agreed) {
  const commerce::Money total{8638, "USD"};
  const commerce::Confirmation good{"c-1", "ORD-1", "o-1", "confirmed", total, ""};
  EXPECT_EQ(verdict_of(good, "c-1", total), kDone);
  EXPECT_EQ(verdict_of(good, "c-2", total), kUnknown);
  EXPECT_EQ(verdict_of(good, "c-1", {8639, "USD"}), kUnknown);
  EXPECT_EQ(verdict_of(good, "c-1", {8638, "EUR"}), kUnknown);
  commerce::Confirmation pending = good;
  pending.status = "approved";
  EXPECT_EQ(verdict_of(pending, "c-1", total), kUnknown);
  commerce::Confirmation repeated = good;
  repeated.order_id.reset();
  EXPECT_EQ(verdict_of(repeated, "c-1", total), kDone);
}

TEST(ConfirmAnswer, is_kept_by_cartpilot_when_it_is_a_refusal_below_500) {
  for (const int status : {301, 400, 401, 409, 429, 499}) EXPECT_TRUE(failure_is_kept(status));
  // A 200 that could not be read is kept too, but repeating it is what we want.
  for (const int status : {0, 200, 500, 503}) EXPECT_FALSE(failure_is_kept(status));
}

}  // namespace
}  // namespace cartpilot::purchase
