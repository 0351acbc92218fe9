// What CartPilot answered, for a person.
#include "terminal/shop_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cartpilot::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Json money(std::int64_t amount) { return {{"amount", amount}, {"currency", "USD"}}; }

std::vector<std::string> texts(const std::vector<CardLine>& card) {
  std::vector<std::string> list;
  for (const CardLine& line : card) list.push_back(line.text);
  return list;
}

std::vector<std::string> texts(const std::vector<Table::Cell>& row) {
  std::vector<std::string> list;
  for (const Table::Cell& cell : row) list.push_back(cell.text);
  return list;
}

TEST(ShopLines, a_call_is_a_sentence_and_its_outcome) {
  EXPECT_EQ(sentence_of("create_intent", {{"query", "desk lamp"}}),
            "Noting what you want: \"desk lamp\"");
  EXPECT_EQ(sentence_of("create_intent", nullptr), "Noting what you want");
  EXPECT_EQ(sentence_of("get_weather", nullptr), "");
  EXPECT_EQ(outcome_of("get_intent_offers", {{"total", 1}}), "1 offer");
  EXPECT_EQ(outcome_of("list_orders", {{"total", 2}}), "2 orders");
  EXPECT_EQ(outcome_of("get_order_status", {{"status", "confirmed"}}), "confirmed");
  EXPECT_EQ(outcome_of("quote_checkout", {{"total", money(8638)}}), "86.38 USD");
}

TEST(ShopLines, offers_are_a_table_of_their_products) {
  const Json item = {
      {"title", "Desk lamp"}, {"price", money(1999)}, {"quantity_available", 7}, {"rating", 4.25}};
  const Json without = {{"title", "No price"}};
  const Json result = {
      {"items", {{{"merchant_id", "merchant-a"}, {"items", {item, without, item}}}}}};
  const Table table = offers_table(result);
  ASSERT_EQ(table.rows.size(), 3U);
  EXPECT_THAT(texts(table.rows[0]),
              ElementsAre("#", "Product", "Price", "Stock", "Merchant", "Rating"));
  EXPECT_THAT(texts(table.rows[2]),
              ElementsAre("2", "Desk lamp", "19.99 USD", "7", "merchant-a", "4.2"));
  EXPECT_TRUE(table.rows[1][2].right);
}

TEST(ShopLines, a_long_list_of_offers_says_how_many_more_there_are) {
  Json items = Json::array();
  for (int i = 0; i < 25; ++i) items.push_back({{"title", "Lamp"}, {"price", money(100)}});
  const Table table = offers_table({{"items", {{{"merchant_id", "m"}, {"items", items}}}}});
  ASSERT_EQ(table.rows.size(), 22U);
  EXPECT_EQ(table.rows.back()[1].text, "and 5 more");
}

TEST(ShopLines, a_checkout_and_an_order_are_cards) {
  Json checkout = {
      {"merchant_id", "merchant-a"},
      {"total", money(2199)},
      {"tax", money(100)},
      {"shipping", money(100)},
      {"status", "quoted"},
      {"items", {{{"title", "Desk lamp"}, {"quantity", 2}, {"unit_price", money(1000)}}}}};
  EXPECT_THAT(
      texts(card_of("quote_checkout", checkout, true)),
      ElementsAre("Checkout at merchant-a", "  2 x Desk lamp, 10.00 USD each", "  tax 1.00 USD",
                  "  shipping 1.00 USD", "  total 21.99 USD (SANDBOX, no real money)"));
  checkout["merchant_order_id"] = "ORD-1";
  checkout["status"] = "confirmed";
  const auto order = card_of("get_order_status", checkout, false);
  EXPECT_THAT(texts(order), ElementsAre("Order ORD-1 at merchant-a",
                                        "  2 x Desk lamp, 10.00 USD each", "  tax 1.00 USD",
                                        "  shipping 1.00 USD", "  total 21.99 USD", "  confirmed"));
  EXPECT_TRUE(order[4].total);
}

TEST(ShopLines, results_of_another_shape_give_nothing) {
  for (const Json& odd :
       {Json(nullptr), Json(7), Json("text"), Json::array({1, 2}),
        Json{{"items", 3}, {"total", "x"}},
        Json{{"items", {{{"items", {7, nullptr}}}}}, {"total", {{"amount", "9"}}}}}) {
    EXPECT_THAT(offers_table(odd).rows, IsEmpty());
    for (const char* function : {"quote_checkout", "get_order_status", "get_intent_offers"}) {
      EXPECT_THAT(card_of(function, odd, true), IsEmpty());
      EXPECT_EQ(outcome_of(function, odd), "");
    }
  }
}

}  // namespace
}  // namespace cartpilot::host
