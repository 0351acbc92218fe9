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

commerce::CartPilotError failure(int status, const char* code, bool may_have_run, bool own) {
  commerce::CartPilotError error(ErrorCode::kUnavailable, "no");
  error.http_status = status;
  error.error_code = code;
  error.request_may_have_run = may_have_run;
  error.own_refusal = own;
  return error;
}

TEST(ConfirmAnswer, proves_nothing_unless_it_is_on_the_table) {
  struct Row {
    int status;
    const char* code;
    bool may_have_run;
    ConfirmVerdict verdict;
  };
  const Row rows[] = {
      {409, "REAPPROVAL_REQUIRED", true, kPriceChanged},
      {409, "IDEMPOTENCY_CONFLICT", true, kUnknown},
      {409, "HTTP_409", true, kUnknown},
      {400, "NOT_APPROVED", true, kNotBought},
      {400, "QUOTE_REQUIRED", true, kNotBought},
      {400, "MERCHANT_NOT_FOUND", true, kNotBought},
      {400, "MERCHANT_ERROR", true, kUnknown},
      {400, "CONFIRM_FAILED", true, kUnknown},
      {400, "CHECKOUT_EXPIRED", true, kUnknown},
      {400, "REAPPROVAL_REQUIRED", true, kUnknown},
      {400, "HTTP_400", true, kUnknown},
      {401, "INVALID_API_KEY", true, kUnknown},
      {403, "NOT_APPROVED", true, kUnknown},
      {404, "CHECKOUT_NOT_FOUND", true, kUnknown},
      {408, "HTTP_408", true, kUnknown},
      {422, "VALIDATION_ERROR", true, kUnknown},
      {429, "HTTP_429", true, kUnknown},
      {200, "BAD_RESPONSE", true, kUnknown},
      {302, "HTTP_302", true, kUnknown},
      {500, "INTERNAL_ERROR", true, kUnknown},
      {500, "NOT_APPROVED", true, kUnknown},
      {502, "HTTP_502", true, kUnknown},
      {503, "HTTP_503", true, kUnknown},
      {504, "HTTP_504", true, kUnknown},
      {0, "TIMEOUT", true, kUnknown},
      {0, "NETWORK_ERROR", true, kUnknown},
      {0, "CANCELLED", true, kUnknown},
      {0, "NETWORK_ERROR", false, kNothingSent},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(verdict_of_failure(failure(row.status, row.code, row.may_have_run, true)),
              row.verdict)
        << row.status << " " << row.code;
    // Nobody's word but CartPilot's own counts.
    EXPECT_EQ(verdict_of_failure(failure(row.status, row.code, row.may_have_run, false)),
              row.verdict == kNothingSent ? kNothingSent : kUnknown)
        << row.status << " " << row.code;
  }
}

TEST(ConfirmAnswer, is_kept_by_cartpilot_when_it_is_a_refusal_below_500) {
  for (const int status : {301, 400, 401, 409, 429, 499}) EXPECT_TRUE(failure_is_kept(status));
  // A 200 that could not be read is kept too, but repeating it is what we want.
  for (const int status : {0, 200, 500, 503}) EXPECT_FALSE(failure_is_kept(status));
}

}  // namespace
}  // namespace cartpilot::purchase
