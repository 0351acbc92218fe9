#include "cost/price_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cartpilot/error.h"
#include "cartpilot/json.h"
#include "cost/built_in_prices.h"
#include "cost/day.h"

namespace cartpilot::cost {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kToday = "2026-11-29";

std::string refusal(const std::string& model, const std::string& text) {
  try {
    PriceTable().set(model, text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(PriceTable, names_a_public_source_and_a_day_for_every_price_of_a_vendor) {
  const Json list = parse_json(built_in_prices());
  int vendors = 0;
  for (const Json& row : list.at("prices")) {
    if (row.at("provider") == "offline") continue;
    ++vendors;
    EXPECT_THAT(row.at("source").get<std::string>(), StartsWith("https://")) << row;
    EXPECT_TRUE(is_day(row.at("checked").get<std::string>())) << row;
    EXPECT_NE(PriceTable::built_in().find(row.at("provider"), row.at("model"), "2030-01-01"),
              nullptr)
        << row;
  }
  EXPECT_GT(vendors, 20);
}

TEST(PriceTable, knows_what_the_default_models_cost) {
  const PriceTable prices = PriceTable::built_in();
  EXPECT_EQ(prices.find("openai", "gpt-6.1-terra", kToday)->rates,
            (Rates{1'000'000, 50'000, 1'250'000, 5'000'000}));
  EXPECT_EQ(prices.find("anthropic", "claude-sonnet-5-5", kToday)->rates,
            (Rates{2'000'000, 100'000, 2'500'000, 10'000'000}));
  EXPECT_EQ(prices.find("gemini", "gemini-3.8-flash", kToday)->rates,
            (Rates{750'000, 75'000, 750'000, 3'750'000}));
}

TEST(PriceTable, changes_on_the_day_a_new_price_begins) {
  const PriceTable prices = PriceTable::built_in();
  EXPECT_EQ(prices.find("gemini", "gemini-3.8-flash", "2026-12-31")->rates.output, 3'750'000);
  EXPECT_EQ(prices.find("gemini", "gemini-3.8-flash", "2027-01-01")->rates.output, 7'500'000);
}

TEST(PriceTable, finds_dated_ids_and_no_others_that_are_merely_similar) {
  const PriceTable prices = PriceTable::built_in();
  EXPECT_NE(prices.find("openai", "gpt-4.1-mini-2025-04-14", kToday), nullptr);
  EXPECT_NE(prices.find("anthropic", "claude-haiku-4-5-20251001", kToday), nullptr);
  EXPECT_EQ(prices.find("openai", "gpt-4.1-mini-audio", kToday), nullptr);
  EXPECT_EQ(prices.find("openai", "gpt-4.1-mini-2025-99-99", kToday), nullptr);
  EXPECT_EQ(prices.find("gemini", "gpt-4.1-mini", kToday), nullptr);
  EXPECT_EQ(prices.find("openai", "", kToday), nullptr);
}

TEST(PriceTable, charges_nothing_for_what_asks_no_vendor) {
  EXPECT_EQ(PriceTable::built_in().find("offline", "anything", kToday)->rates, Rates());
}

TEST(PriceTable, puts_the_persons_price_in_the_place_of_all_others) {
  PriceTable prices = PriceTable::built_in();
  prices.set("gemini/gemini-3.8-flash", "input=2 cached=0.5 output=4 currency=EUR");
  const Price* price = prices.find("gemini", "gemini-3.8-flash", "2027-06-01");
  EXPECT_EQ(price->rates, (Rates{2'000'000, 500'000, 2'000'000, 4'000'000}));
  EXPECT_EQ(price->currency, "EUR");
  EXPECT_EQ(price->checked, "");
}

TEST(PriceTable, takes_a_price_for_all_models_of_a_provider_and_for_long_requests) {
  PriceTable prices;
  prices.set("openai/*", "input=0 output=0 currency=USD");
  prices.set("openai/big",
             "input=1 output=2 currency=USD long-above=1000 long-input=2 "
             "long-output=3 checked=2026-11-01");
  EXPECT_EQ(prices.find("openai", "qwen3", kToday)->rates, Rates());
  const Price* big = prices.find("openai", "big", kToday);
  EXPECT_EQ(big->long_rates, (Rates{2'000'000, 2'000'000, 2'000'000, 3'000'000}));
  EXPECT_EQ(big->long_above, 1000);
  EXPECT_EQ(big->checked, "2026-11-01");
}

TEST(PriceTable, says_what_is_wrong_with_a_price) {
  EXPECT_THAT(refusal("gpt-6", "input=1 output=1 currency=USD"), HasSubstr("PROVIDER/MODEL"));
  EXPECT_THAT(refusal("openai/", "input=1 output=1 currency=USD"), HasSubstr("PROVIDER/MODEL"));
  EXPECT_THAT(refusal("a/b", "output=1 currency=USD"), HasSubstr("input is missing"));
  EXPECT_THAT(refusal("a/b", "input=1 currency=USD"), HasSubstr("output is missing"));
  EXPECT_THAT(refusal("a/b", "input=1 output=1"), HasSubstr("currency is missing"));
  EXPECT_THAT(refusal("a/b", "input=1 output=1 currency=XXX"), HasSubstr("'XXX' is unknown"));
  EXPECT_THAT(refusal("a/b", "input=1,5 output=1 currency=USD"), HasSubstr("'1,5' is no price"));
  EXPECT_THAT(refusal("a/b", "input=1 output=1 currency=USD free"), HasSubstr("'free'"));
  EXPECT_THAT(refusal("a/b", "input=1 input=2 output=1 currency=USD"), HasSubstr("twice"));
  EXPECT_THAT(refusal("a/b", "input=1 output=1 currency=USD checked=yesterday"),
              HasSubstr("no day"));
  EXPECT_THAT(refusal("a/b", "input=1 output=1 currency=USD long-above=x"), HasSubstr("no number"));
  EXPECT_EQ(refusal("a/b", "input=1 output=1 currency=USD"), "");
}

}  // namespace
}  // namespace cartpilot::cost
