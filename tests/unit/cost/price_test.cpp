#include "cost/price.h"

#include <gtest/gtest.h>

#include <limits>

#include "cost/day.h"

namespace cartpilot::cost {
namespace {

constexpr std::int64_t kHuge = 1'000'000'000'000;  // the largest count a vendor is believed

Usage usage_of(std::int64_t input, std::int64_t cached, std::int64_t output,
               std::int64_t reasoning = 0) {
  return {input, output, reasoning, cached};
}

/// 2 / 0.20 cached / 2.50 written / 10, and the double above 1,000 tokens.
Price dear_writes() {
  Price price;
  price.rates = {2'000'000, 200'000, 2'500'000, 10'000'000};
  price.long_rates = Rates{4'000'000, 400'000, 5'000'000, 20'000'000};
  price.long_above = 1000;
  price.currency = "USD";
  return price;
}

Price plain() {
  Price price;
  price.rates = {1'000'000, 1'000'000, 1'000'000, 3'000'000};
  price.currency = "USD";
  return price;
}

TEST(Price, charges_cached_input_its_own_rate_and_reasoning_as_output) {
  const Cost cost = cost_of(dear_writes(), usage_of(1000, 600, 50, 40));
  EXPECT_EQ(cost.amount, (Amount{400 * 2500 + 600 * 200 + 50 * 10'000, "USD"}));
}

TEST(Price, is_an_upper_bound_where_cache_writes_cost_more) {
  EXPECT_TRUE(cost_of(dear_writes(), usage_of(10, 0, 1)).at_most);
  EXPECT_FALSE(cost_of(dear_writes(), usage_of(10, 10, 1)).at_most);
  EXPECT_FALSE(cost_of(plain(), usage_of(10, 0, 1)).at_most);
}

TEST(Price, charges_a_long_request_the_long_rates_as_a_whole) {
  EXPECT_EQ(cost_of(dear_writes(), usage_of(1000, 0, 1)).amount.nanos, 1000 * 2500 + 10'000);
  EXPECT_EQ(cost_of(dear_writes(), usage_of(1001, 1, 1)).amount.nanos,
            1000 * 5000 + 1 * 400 + 20'000);
}

TEST(Price, rounds_up_to_a_billionth) {
  Price cheap = plain();
  cheap.rates = {1, 1, 1, 1};
  EXPECT_EQ(cost_of(cheap, usage_of(1, 0, 0)).amount.nanos, 1);
  EXPECT_EQ(cost_of(cheap, usage_of(1000, 0, 0)).amount.nanos, 1);
  EXPECT_EQ(cost_of(cheap, usage_of(1000, 0, 1)).amount.nanos, 2);
  EXPECT_EQ(cost_of(cheap, usage_of(0, 0, 0)).amount.nanos, 0);
}

TEST(Price, stops_at_the_largest_amount_and_counts_nothing_below_zero) {
  Price dear = plain();
  dear.rates = {1'000'000'000'000, 1'000'000'000'000, 1'000'000'000'000, 1'000'000'000'000};
  EXPECT_EQ(cost_of(dear, usage_of(kHuge, 0, kHuge)).amount.nanos,
            std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(cost_of(plain(), usage_of(-5, 9, -1)).amount.nanos, 0);
  EXPECT_EQ(sum(std::numeric_limits<std::int64_t>::max(), 1),
            std::numeric_limits<std::int64_t>::max());
}

TEST(Price, takes_a_token_for_three_bytes_and_the_dearest_input_for_the_worst_case) {
  EXPECT_EQ(worst_case(dear_writes(), 300, 7).nanos, 101 * 2500 + 7 * 10'000);
  EXPECT_EQ(worst_case(dear_writes(), 3000, 7).nanos, 1001 * 5000 + 7 * 20'000);
}

TEST(Price, never_costs_more_than_its_worst_case) {
  for (const std::int64_t input : {0, 1, 999, 1000, 1001, 5000}) {
    for (const std::int64_t cached : {std::int64_t{0}, input / 2, input}) {
      EXPECT_LE(cost_of(dear_writes(), usage_of(input, cached, 20)).amount.nanos,
                worst_case(dear_writes(), input * 3, 20).nanos)
          << input << " " << cached;
    }
  }
}

TEST(Price, reads_rates_exactly) {
  EXPECT_EQ(parse_rate("1.25"), 1'250'000);
  EXPECT_EQ(parse_rate("0"), 0);
  EXPECT_EQ(parse_rate("0.000001"), 1);
  EXPECT_EQ(parse_rate("9999999"), 9'999'999'000'000);
  for (const char* wrong :
       {"", ".", "1.", ".5", "-1", "1e3", "0.0000001", "12345678", "1,5", " 1"}) {
    EXPECT_EQ(parse_rate(wrong), std::nullopt) << wrong;
  }
}

TEST(Amount, is_shown_rounded_up_with_the_decimals_of_the_currency) {
  EXPECT_EQ(format_amount({0, "USD"}), "0.00 USD");
  EXPECT_EQ(format_amount({1, "USD"}), "0.000001 USD");
  EXPECT_EQ(format_amount({1'094'900, "USD"}), "0.001095 USD");
  EXPECT_EQ(format_amount({1'500'000'000, "USD"}), "1.50 USD");
  EXPECT_EQ(format_amount({3'000'000'000, "JPY"}), "3 JPY");
  EXPECT_EQ(format_amount({3'100'000'000, "JPY"}), "3.1 JPY");
  EXPECT_EQ(format_amount({1'000'000'000, "KWD"}), "1.000 KWD");
}

TEST(Day, counts_in_utc) {
  EXPECT_EQ(day_of(0), "1970-01-01");
  EXPECT_EQ(day_of(1'798'761'600'000 - 1), "2026-12-31");
  EXPECT_EQ(day_of(1'798'761'600'000), "2027-01-01");
  EXPECT_EQ(days_between("2026-08-31", "2026-11-29"), 90);
  EXPECT_TRUE(is_day("2028-02-29"));
  for (const char* wrong :
       {"2026-02-29", "2026-13-01", "2026-1-1", "2026/01/01", "", "2026-01-0x"}) {
    EXPECT_FALSE(is_day(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace cartpilot::cost
