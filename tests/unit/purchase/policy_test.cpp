#include "purchase/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cartpilot/error.h"
#include "cli/purchase_flags.h"

namespace cartpilot::purchase {
namespace {

using host::parse_limits;
using host::parse_policy;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string refusal_of(std::string_view approve, std::string_view merchants) {
  try {
    parse_policy(approve, merchants);
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "";
}

TEST(PurchasePolicy, reads_never_and_ask) {
  EXPECT_EQ(parse_policy("never", "").mode, ApprovalMode::kNever);
  EXPECT_EQ(parse_policy("ask", "").mode, ApprovalMode::kAsk);
  EXPECT_THAT(parse_policy("ask", "").merchants, IsEmpty());
}

TEST(PurchasePolicy, reads_a_bound_with_merchants) {
  const PurchasePolicy policy = parse_policy("up-to:86.38:USD", "merchant-a,merchant_B2");
  EXPECT_EQ(policy.mode, ApprovalMode::kUpTo);
  EXPECT_EQ(policy.up_to, (commerce::Money{8638, "USD"}));
  EXPECT_THAT(policy.merchants, ElementsAre("merchant-a", "merchant_B2"));
  EXPECT_EQ(policy.permission_text, "--approve up-to:86.38:USD --merchants merchant-a,merchant_B2");
}

TEST(PurchasePolicy, refuses_everything_else_with_what_is_expected) {
  struct Case {
    const char* approve;
    const char* merchants;
    const char* says;
  };
  const Case cases[] = {
      {"", "", "expected ask, never or up-to:AMOUNT:CUR"},
      {"yes", "", "expected ask, never or up-to:AMOUNT:CUR"},
      {"ASK", "", "expected ask, never or up-to:AMOUNT:CUR"},
      {"ask ", "", "expected ask, never or up-to:AMOUNT:CUR"},
      {"up-to", "merchant-a", "expected ask, never or up-to:AMOUNT:CUR"},
      {"up-to:150", "merchant-a", "the currency is missing"},
      {"up-to::USD", "merchant-a", "is not an amount"},
      {"up-to:1e3:USD", "merchant-a", "is not an amount"},
      {"up-to:-5:USD", "merchant-a", "is not an amount"},
      {"up-to:150.001:USD", "merchant-a", "is not an amount"},
      {"up-to:0:USD", "merchant-a", "must be above zero"},
      {"up-to:150:usd", "merchant-a", "is not a currency this program knows"},
      {"up-to:150:XXX", "merchant-a", "is not a currency this program knows"},
      {"up-to:150.5:JPY", "merchant-a", "write it like 150"},
      {"up-to:150:USD:x", "merchant-a", "is not a currency this program knows"},
      {"up-to:150:", "merchant-a", "is not a currency this program knows"},
      {"up-to:10000.01:USD", "merchant-a", "may exceed 10000.00"},
      {"up-to:99999999999999999999:USD", "merchant-a", "too large"},
      {"up-to:150:USD", "", "needs --merchants"},
      {"up-to:150:USD", ",", "is no merchant id"},
      {"up-to:150:USD", "merchant-a,", "is no merchant id"},
      {"up-to:150:USD", "merchant-a, merchant-b", "is no merchant id"},
      {"up-to:150:USD", "*", "is no merchant id"},
      {"up-to:150:USD", "merchant-\xd0\xb0", "is no merchant id"},
      {"ask", "merchant-a", "would restrict nothing"},
      {"never", "merchant-a", "would restrict nothing"},
  };
  for (const Case& bad : cases) {
    EXPECT_THAT(refusal_of(bad.approve, bad.merchants), HasSubstr(bad.says))
        << bad.approve << " | " << bad.merchants;
  }
}

TEST(PurchasePolicy, permits_up_to_the_bound_at_the_merchants_named) {
  const PurchasePolicy policy = parse_policy("up-to:150:USD", "merchant-a");
  EXPECT_EQ(outside_permission(policy, {15000, "USD"}, "merchant-a"), std::nullopt);
  EXPECT_NE(outside_permission(policy, {15001, "USD"}, "merchant-a"), std::nullopt);
  EXPECT_NE(outside_permission(policy, {1, "EUR"}, "merchant-a"), std::nullopt);
  EXPECT_NE(outside_permission(policy, {1, "USD"}, "merchant-A"), std::nullopt);
  EXPECT_NE(outside_permission(policy, {1, "USD"}, "merchant-"), std::nullopt);
}

TEST(PurchasePolicy, limits_every_purchase_whoever_agrees) {
  const PurchasePolicy policy = parse_policy("ask", "");
  EXPECT_EQ(outside_limits(policy, {1'000'000, "GBP"}), std::nullopt);
  EXPECT_NE(outside_limits(policy, {1'000'001, "GBP"}), std::nullopt);
  EXPECT_NE(outside_limits(policy, {1, "XXX"}), std::nullopt);
}

TEST(PurchasePolicy, holds_a_limit_of_one_currency_against_every_other) {
  const auto refusal = [](const SpendLimits& limits) {
    return over_limit(limits, {1, "EUR"}, Spent{}).value_or("bought");
  };
  SpendLimits order = parse_limits("", "", "");
  order.order = {15'000, "USD"};
  EXPECT_EQ(refusal(order),
            "the total is in EUR, the limit of one purchase in USD (--limit-order)");
  SpendLimits session = parse_limits("", "", "");
  session.session = {15'000, "USD"};
  EXPECT_EQ(refusal(session),
            "the total is in EUR, the limit of this conversation in USD (--limit-session)");
  SpendLimits day = parse_limits("", "", "");
  day.day = {15'000, "USD"};
  EXPECT_EQ(refusal(day), "the total is in EUR, the limit of 24 hours in USD (--limit-day)");
  EXPECT_EQ(refusal(SpendLimits{}), "bought");  // without a flag each currency stands for itself
}

}  // namespace
}  // namespace cartpilot::purchase
