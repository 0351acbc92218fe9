#include "offline/wish_parser.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "commerce/currency.h"
#include "commerce/money.h"
#include "offline/words.h"

namespace cartpilot::offline {
namespace {

using Cents = std::optional<std::int64_t>;

struct Row {
  const char* text;
  const char* query;
  const char* thing;
  Cents at_most;
  Cents at_least;
  const char* currency;
};

TEST(WishParser, reads_what_is_wanted_and_what_it_may_cost) {
  const std::vector<Row> table = {
      {"I need wireless headphones under $100",
       "wireless headphones",
       "headphones",
       10000,
       {},
       "USD"},
      {"a backpack below 80 dollars", "backpack", "backpack", 8000, {}, "USD"},
      {"coffee maker", "coffee maker", "maker", {}, {}, ""},
      {"I'm looking for a desk lamp for USD 100", "desk lamp", "lamp", 10000, {}, "USD"},
      {"headphones under 99.50", "headphones", "headphones", 9950, {}, ""},
      {"headphones under 99.50.", "headphones", "headphones", 9950, {}, ""},
      {"laptop for less than $1,299.99, please", "laptop", "laptop", 129999, {}, "USD"},
      {"office chair at most 250€", "office chair", "chair", 25000, {}, "EUR"},
      {"office chair max £250", "office chair", "chair", 25000, {}, "GBP"},
      {"a t-shirt no more than 30 bucks", "t-shirt", "t-shirt", 3000, {}, "USD"},
      {"a board game up to $ 40", "board game", "game", 4000, {}, "USD"},
      {"fitness tracker $150", "fitness tracker", "tracker", 15000, {}, "USD"},
      {"fitness tracker $150 or less", "fitness tracker", "tracker", 15000, {}, "USD"},
      {"I want a laptop over $1000", "laptop", "laptop", {}, 100000, "USD"},
      {"a lamp between $20 and $50", "lamp", "lamp", 5000, 2000, "USD"},
      {"a lamp from $20 to $50", "lamp", "lamp", 5000, 2000, "USD"},
      {"lamp <$50", "lamp", "lamp", 5000, {}, "USD"},
      {"lamp >= 50", "lamp", "lamp", {}, 5000, ""},
      {"running shoes size 10", "running shoes size 10", "10", {}, {}, ""},
      {"2 backpacks under $60", "backpacks", "backpacks", 6000, {}, "USD"},
      {"two backpacks", "backpacks", "backpacks", {}, {}, ""},
      {"my budget is $200, find me headphones for running",
       "headphones for running",
       "headphones",
       20000,
       {},
       "USD"},
      {"Please show me some Books, thanks", "Books", "books", {}, {}, ""},
      {"Kopfhörer unter 100", "Kopfhörer unter 100", "100", {}, {}, ""},
      {"under $80 please", "", "", 8000, {}, "USD"},
      {"a lamp under 5,000 yen", "lamp", "lamp", 500000, {}, "JPY"},
      {"a lamp under ¥5000", "lamp", "lamp", 500000, {}, "JPY"},
      {"hello", "", "", {}, {}, ""},
      {"   ", "", "", {}, {}, ""},
  };
  for (const Row& row : table) {
    const Wish wish = parse_wish(row.text);
    EXPECT_EQ(wish.query, row.query) << row.text;
    EXPECT_EQ(wish.thing, row.thing) << row.text;
    EXPECT_EQ(wish.limit.at_most, row.at_most) << row.text;
    EXPECT_EQ(wish.limit.at_least, row.at_least) << row.text;
    EXPECT_EQ(wish.limit.currency, row.currency) << row.text;
  }
}

TEST(WishParser, keeps_the_query_within_what_cartpilot_takes) {
  std::string text = "I need";
  for (int i = 0; i < 100'000; ++i) text += " headphones";
  EXPECT_LE(parse_wish(text).query.size(), 200U);
  EXPECT_EQ(parse_wish("I need " + std::string(1'000'000, 'x')).query, "");
}

TEST(AmountInHundredths, reads_money_and_nothing_else) {
  const std::vector<std::pair<const char*, Cents>> table = {
      {"100", 10000},
      {"99.5", 9950},
      {"99.50", 9950},
      {"99,50", 9950},
      {"1,299", 129900},
      {"1,299.99", 129999},
      {"1.299,99", 129999},
      {"0.01", 1},
      {"999999999", 99999999900},
      {"", {}},
      {"9999999999", {}},
      {"1.234", {}},
      {"99.999", {}},
      {"1,2,3", {}},
      {"12,34,567", {}},
      {".", {}},
      {"-5", {}},
      {"1e3", {}},
      {"5x", {}},
      {"1,", {}},
      {"1..2", {}},
  };
  for (const auto& [text, expected] : table)
    EXPECT_EQ(amount_in_hundredths(text), expected) << text;
}

TEST(MoneyText, writes_the_decimals_of_the_currency) {
  EXPECT_EQ(money_text(8638, "USD"), "86.38 USD");
  EXPECT_EQ(money_text(5, "USD"), "0.05 USD");
  EXPECT_EQ(money_text(6181, "JPY"), "6181 JPY");
  EXPECT_EQ(money_text(6181, "KWD"), "6.181 KWD");
  EXPECT_EQ(money_text(0, "JPY"), "0 JPY");
  EXPECT_EQ(money_text(-5, "EUR"), "-0.05 EUR");
  EXPECT_EQ(money_text(INT64_MIN, "USD"), "-92233720368547758.08 USD");
  EXPECT_EQ(money_text(6181, "XXX"), "6181 smallest units of XXX");
}

TEST(MoneyText, knows_the_currencies_that_the_host_knows) {
  int known = 0;
  for (char a = 'A'; a <= 'Z'; ++a) {
    for (char b = 'A'; b <= 'Z'; ++b) {
      for (char c = 'A'; c <= 'Z'; ++c) {
        const std::string code = {a, b, c};
        const auto here = currency_decimals(code);
        const auto there = commerce::decimals_of(code);
        ASSERT_EQ(here.has_value(), there.has_value()) << code;
        if (!here) continue;
        ++known;
        ASSERT_EQ(static_cast<int>(*here), *there) << code;
        ASSERT_EQ(money_text(6181, code), commerce::format_money({6181, code})) << code;
      }
    }
  }
  EXPECT_GT(known, 150);
}

TEST(Hundredths, are_written_and_compared_in_the_decimals_of_the_currency) {
  EXPECT_EQ(hundredths_text(10050, "USD"), "100.50 USD");
  EXPECT_EQ(hundredths_text(10050, ""), "100.50");
  EXPECT_EQ(hundredths_text(500000, "JPY"), "5000 JPY");
  EXPECT_EQ(hundredths_text(10050, "KWD"), "100.500 KWD");
  const auto side = [](std::int64_t minor, const char* currency, std::int64_t hundredths) {
    const auto difference = compared_with_hundredths(minor, currency, hundredths).value();
    return difference < 0 ? -1 : difference > 0 ? 1 : 0;
  };
  EXPECT_EQ(side(10000, "USD", 10000), 0);
  EXPECT_EQ(side(9999, "USD", 10000), -1);
  EXPECT_EQ(side(100, "JPY", 10000), 0);
  EXPECT_EQ(side(6181, "JPY", 10000), 1);
  EXPECT_EQ(side(100001, "KWD", 10000), 1);
  EXPECT_EQ(side(99999, "KWD", 10000), -1);
  EXPECT_EQ(side(INT64_MAX, "JPY", 1), 1);
  EXPECT_EQ(side(INT64_MIN, "JPY", 99999999900), -1);
  EXPECT_EQ(compared_with_hundredths(1, "XXX", 1), std::nullopt);
}

TEST(Mentions, finds_words_by_their_beginning) {
  EXPECT_TRUE(mentions("stark titan headphones", "headphones"));
  EXPECT_TRUE(mentions("a studio headphone", "headphones"));
  EXPECT_TRUE(mentions("books > media", "book"));
  EXPECT_FALSE(mentions("fabrikam notebook", "book"));
  EXPECT_FALSE(mentions("", "book"));
}

}  // namespace
}  // namespace cartpilot::offline
