// Whole conversations with the offline shopper.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fake_shop.h"

namespace cartpilot::offline {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Names = std::vector<std::string>;

class Shopping : public testing::Test {
 protected:
  Turn say(const std::string& text) { return conversation.say(text); }

  FakeShop shop;
  Conversation conversation{shop};
};

TEST_F(Shopping, buys_in_three_turns_with_eleven_calls) {
  const Turn wish = say(kWish);
  EXPECT_THAT(wish.steps, ElementsAre(Names{"create_intent"}, Names{"get_intent_offers"},
                                      Names{"get_offer_details", "get_offer_details"}));
  EXPECT_EQ(wish.text,
            "wireless headphones up to 100.00 USD:\n"
            "1. Fabrikam Wireless Classic Earbuds, 79.99 USD, Merchant A, 105 in stock\n"
            "3 others are outside that price.\n"
            "Say \"buy it\" to have it prepared.\n");

  const Turn choice = say("buy the cheapest");
  EXPECT_THAT(choice.steps, ElementsAre(Names{"create_checkout"}, Names{"quote_checkout"},
                                        Names{"request_approval"}));
  EXPECT_EQ(choice.text,
            "From Merchant A:\n"
            "  1 x Fabrikam Wireless Classic Earbuds, 79.99 USD each\n"
            "  tax 6.39 USD, shipping 0.00 USD\n"
            "  total 86.38 USD\n"
            "Nothing is bought yet. Shall I buy this? (yes or no)\n");

  const Turn yes = say("yes");
  EXPECT_THAT(yes.steps, ElementsAre(Names{"get_checkout"}, Names{"approve_checkout"},
                                     Names{"confirm_checkout"}, Names{"get_order_status"}));
  EXPECT_EQ(yes.text,
            "Bought at Merchant A for 86.38 USD.\n"
            "Merchant order number: ORD-20261123004928-7700DA0F\n"
            "Order status: pending\n");

  EXPECT_THAT(
      shop.log,
      ElementsAre(
          R"(create_intent {"query":"wireless headphones"})",
          R"(get_intent_offers {"intent_id":"intent-1"})",
          R"(get_offer_details {"offer_id":"offer-a"})",
          R"(get_offer_details {"offer_id":"offer-b"})",
          R"(create_checkout {"offer_id":"offer-a","items":[{"product_id":"a1","quantity":1}]})",
          R"(quote_checkout {"checkout_id":"checkout-1","items":[{"product_id":"a1","quantity":1}]})",
          R"(request_approval {"checkout_id":"checkout-1"})",
          R"(get_checkout {"checkout_id":"checkout-1"})",
          R"(approve_checkout {"checkout_id":"checkout-1"})",
          R"(confirm_checkout {"checkout_id":"checkout-1"})",
          R"(get_order_status {"order_id":"9048dc7c-47dc-40e6-a392-3bd6523428ee"})"));
}

TEST_F(Shopping, lists_all_matches_cheapest_first_without_a_limit) {
  EXPECT_EQ(say("headphones").text,
            "headphones:\n"
            "1. Fabrikam Wireless Classic Earbuds, 79.99 USD, Merchant A, 105 in stock\n"
            "2. Stark Titan Headphones, 133.99 USD, Merchant B, 3 in stock\n"
            "3. Acme Wireless Core Earbuds, 140.99 USD, Merchant B, 2 in stock\n"
            "4. Globex Wireless Pro Earbuds, 154.99 USD, Merchant A, 80 in stock\n"
            "Which one? For example \"the cheapest\" or \"number 2\".\n");
}

TEST_F(Shopping, shows_the_closest_when_nothing_is_within_the_limit) {
  EXPECT_EQ(say("wireless headphones under $50").text,
            "I found no wireless headphones up to 50.00 USD. Closest:\n"
            "1. Fabrikam Wireless Classic Earbuds, 79.99 USD, Merchant A, 105 in stock\n"
            "2. Stark Titan Headphones, 133.99 USD, Merchant B, 3 in stock\n"
            "3. Acme Wireless Core Earbuds, 140.99 USD, Merchant B, 2 in stock\n"
            "Say which one if it may cost that, or tell me another limit.\n");
  // The limit itself counts as within it.
  EXPECT_THAT(say("under $79.99").text, HasSubstr("1. Fabrikam"));
  EXPECT_THAT(say("under $79.98").text, HasSubstr("I found no wireless headphones"));
}

TEST_F(Shopping, searches_again_when_only_the_limit_changes) {
  say("wireless headphones under $50");
  const Turn turn = say("under $140 please");
  EXPECT_EQ(shop.log[4], R"(create_intent {"query":"wireless headphones"})");
  EXPECT_THAT(turn.text, HasSubstr("2. Stark Titan Headphones, 133.99 USD"));
  EXPECT_THAT(turn.text, HasSubstr("2 others are outside that price."));
}

TEST_F(Shopping, does_not_hold_prices_in_one_currency_against_a_limit_in_another) {
  EXPECT_THAT(say("headphones under 100 euros").text,
              HasSubstr("I found no headphones up to 100.00 EUR. 4 others are priced in another "
                        "currency. Closest:\n1. Fabrikam"));
}

TEST_F(Shopping, holds_prices_against_a_limit_in_the_decimals_of_their_currency) {
  const auto sell_in = [&](const std::string& currency) {
    for (const char* name : {"get_intent_offers", "get_offer_details"}) {
      shop.answer(name, [name, currency](const Json& arguments) {
        const ToolOutcome dollars = FakeShop().call(name, arguments);
        std::string text = dump_json(dollars.content);
        for (std::size_t at = 0; (at = text.find("\"USD\"", at)) != std::string::npos; ++at) {
          text.replace(at + 1, 3, currency);
        }
        return ToolOutcome{true, parse_json(text)};
      });
    }
  };
  sell_in("JPY");
  EXPECT_THAT(say("headphones under 8000 yen").text,
              HasSubstr("headphones up to 8000 JPY:\n"
                        "1. Fabrikam Wireless Classic Earbuds, 7999 JPY, Merchant A"));
  EXPECT_THAT(say("headphones under 100").text,
              HasSubstr("I found no headphones up to 100.00. Closest:\n1. Fabrikam"));
  sell_in("KWD");
  EXPECT_THAT(say("headphones under 8").text,
              AllOf(HasSubstr("1. Fabrikam Wireless Classic Earbuds, 7.999 KWD"),
                    HasSubstr("3 others are outside that price.")));
  sell_in("XXX");  // nobody knows its decimals
  EXPECT_THAT(say("headphones under 100").text,
              AllOf(HasSubstr("4 others are priced in another currency."),
                    HasSubstr("7999 smallest units of XXX")));
}

TEST_F(Shopping, leaves_out_what_was_only_found_by_an_adjective) {
  EXPECT_THAT(say(kWish).text, Not(HasSubstr("Lamp")));
  EXPECT_EQ(say("a wireless mouse").text,
            "I found no wireless mouse at the 2 shops that answered. Try other words.\n");
  EXPECT_THAT(say("the second one").text, HasSubstr("I have not shown you anything yet."));
}

TEST_F(Shopping, says_when_no_shop_answered_and_asks_for_no_details) {
  shop.answer("get_intent_offers", ToolOutcome{true, {{"total", 0}, {"items", Json::array()}}});
  const Turn turn = say(kWish);
  EXPECT_THAT(turn.calls, ElementsAre("create_intent", "get_intent_offers"));
  EXPECT_THAT(turn.text, HasSubstr("No shop answered for wireless headphones."));
}

TEST_F(Shopping, looks_into_one_offer_when_the_other_is_empty) {
  shop.answer("get_intent_offers", [](const Json&) {
    Json empty = {{"id", "offer-b"}, {"merchant_id", "merchant-b"}, {"items", Json::array()}};
    Json full = parse_json(R"({"id":"offer-a","merchant_id":"merchant-a","items":[
      {"product_id":"a1","title":"Old title","category_path":"Headphones",
       "price":{"amount":9999,"currency":"USD"},"quantity_available":1}]})");
    return ToolOutcome{true, {{"items", {empty, full}}}};
  });
  const Turn turn = say(kWish);
  EXPECT_THAT(turn.steps.back(), ElementsAre("get_offer_details"));
  EXPECT_THAT(turn.text, HasSubstr("1. Fabrikam Wireless Classic Earbuds, 79.99 USD"));
}

TEST_F(Shopping, uses_the_search_result_when_details_cannot_be_read) {
  shop.answer("get_offer_details", tool_error("NETWORK_ERROR", "no route"));
  const Turn turn = say(kWish);
  EXPECT_THAT(turn.text, HasSubstr("1. Fabrikam Wireless Classic Earbuds, 79.99 USD"));
  EXPECT_THAT(turn.text, HasSubstr("I could not read the newest details"));
}

struct PickRow {
  const char* text;
  const char* product;
  int quantity;
};

TEST_F(Shopping, understands_which_one_and_how_many) {
  const std::vector<PickRow> table = {
      {"the second one", "b1", 1},
      {"buy the cheapest", "a1", 1},
      {"buy number 3", "b2", 1},
      {"#4", "a2", 1},
      {"2", "b1", 1},
      {"the Fabrikam one", "a1", 1},
      {"2 of the first", "a1", 2},
      {"3x the Globex earbuds", "a2", 3},
      {"the most expensive one", "a2", 1},
      {"the last one", "a2", 1},
      {"two of the cheapest please", "a1", 2},
      {"the cheapest one from merchant b", "b1", 1},
      {"I'll take the Acme", "b2", 1},
      {"acme", "b2", 1},
      {"no, the second one", "b1", 1},
      {"the second one from Merchant A", "a2", 1},
  };
  for (const PickRow& row : table) {
    FakeShop fresh_shop;
    Conversation fresh(fresh_shop);
    fresh.say("headphones");
    const Turn turn = fresh.say(row.text);
    ASSERT_EQ(turn.calls.size(), 3U) << row.text << "\n" << turn.text;
    EXPECT_THAT(fresh_shop.log[4],
                HasSubstr(fmt::format(R"("items":[{{"product_id":"{}","quantity":{}}}])",
                                      row.product, row.quantity)))
        << row.text;
  }
}

TEST_F(Shopping, asks_back_when_several_are_meant) {
  say("headphones");
  const Turn turn = say("the earbuds");
  EXPECT_THAT(turn.calls, IsEmpty());
  EXPECT_EQ(turn.text,
            "Which one do you mean?\n"
            "1. Fabrikam Wireless Classic Earbuds, 79.99 USD, Merchant A\n"
            "3. Acme Wireless Core Earbuds, 140.99 USD, Merchant B\n"
            "4. Globex Wireless Pro Earbuds, 154.99 USD, Merchant A\n"
            "Say its number, for example \"number 2\" or \"2 of number 1\".\n");
  EXPECT_THAT(say("2 of them").text, HasSubstr("Which one do you mean?"));
  EXPECT_THAT(say("yes").text, HasSubstr("Which one do you mean?"));
}

TEST_F(Shopping, takes_the_only_one_shown_for_it) {
  say(kWish);
  EXPECT_THAT(say("2 of them").text, HasSubstr("2 x Fabrikam"));
  say(kWish);
  EXPECT_THAT(say("buy it").text, HasSubstr("1 x Fabrikam"));
}

TEST_F(Shopping, changes_how_many_of_the_planned_item) {
  say("headphones");
  say("the first");
  EXPECT_THAT(say("2 of them").text, HasSubstr("2 x Fabrikam"));
}

TEST_F(Shopping, refuses_numbers_that_are_not_there) {
  EXPECT_THAT(say("the second one").text, HasSubstr("I have not shown you anything yet."));
  say("headphones");
  EXPECT_THAT(say("number 7").text, HasSubstr("That is not on the list, which has 4 entries:"));
  EXPECT_THAT(say("number 0").text, HasSubstr("That is not on the list"));
  EXPECT_EQ(say("4 of the second").text,
            "Merchant B has only 3 of Stark Titan Headphones, you asked for 4. How many shall it "
            "be?\n");
  EXPECT_THAT(say("0 of the first").text, HasSubstr("How many?"));
  EXPECT_EQ(shop.log.size(), 4U);
}

TEST_F(Shopping, does_not_order_from_an_expired_offer_or_an_empty_stock) {
  shop.answer("get_offer_details", [](const Json& arguments) {
    const bool a = arguments["offer_id"] == "offer-a";
    return ToolOutcome{true,
                       {{"id", arguments["offer_id"]},
                        {"merchant_id", a ? "merchant-a" : "merchant-b"},
                        {"is_expired", a},
                        {"items",
                         {{{"product_id", a ? "a1" : "b1"},
                           {"title", "Headphones"},
                           {"price", {{"amount", a ? 100 : 200}, {"currency", "USD"}}},
                           {"quantity_available", a ? 5 : 0}}}}}};
  });
  say("headphones");
  EXPECT_THAT(say("the first").text, HasSubstr("That offer has expired."));
  EXPECT_THAT(say("the second").text, HasSubstr("is out of stock at merchant-b"));
  EXPECT_EQ(shop.log.size(), 4U);
}

TEST_F(Shopping, takes_a_new_wish_for_a_wish_although_a_list_was_shown) {
  say("headphones");
  EXPECT_THAT(
      say("find the cheapest desk lamp").calls,
      ElementsAre("create_intent", "get_intent_offers", "get_offer_details", "get_offer_details"));
  EXPECT_EQ(shop.log[4], R"(create_intent {"query":"desk lamp"})");
}

TEST_F(Shopping, buys_nothing_after_a_no) {
  say(kWish);
  say("buy it");
  EXPECT_EQ(say("no").text,
            "Fine, I dropped it. Nothing was bought. Tell me if you need something else.\n");
  const Turn yes = say("approve");
  EXPECT_THAT(yes.calls, Not(testing::Contains("approve_checkout")));
  EXPECT_THAT(yes.calls, Not(testing::Contains("confirm_checkout")));
}

TEST_F(Shopping, buys_nothing_that_was_planned_before_a_new_wish) {
  say("headphones");
  say("the first");
  say("headphones");
  const Turn yes = say("yes");
  EXPECT_THAT(yes.calls, IsEmpty());
  EXPECT_THAT(yes.text, HasSubstr("Which one do you mean?"));
}

TEST_F(Shopping, keeps_the_plan_while_the_person_asks_something_else) {
  say(kWish);
  say("buy it");
  EXPECT_THAT(say("why is the sky blue").text, HasSubstr("I am the offline demo"));
  EXPECT_THAT(say("yes").text, HasSubstr("Bought at Merchant A"));
}

TEST_F(Shopping, says_what_cannot_be_agreed_to_or_refused) {
  EXPECT_THAT(say("yes").text, HasSubstr("There is nothing to agree to yet."));
  EXPECT_THAT(say("no").text, HasSubstr("Nothing was planned and nothing was bought."));
  say(kWish);
  say("buy it");
  say("yes");
  EXPECT_THAT(say("yes").text, HasSubstr("That is bought already."));
  EXPECT_THAT(say("cancel my order").text, HasSubstr("I cannot cancel"));
  EXPECT_THAT(say("I'd like a refund for my order").text, HasSubstr("I cannot cancel"));
  EXPECT_EQ(shop.log.size(), 11U);
}

TEST_F(Shopping, tells_about_orders) {
  EXPECT_EQ(say("where is my order").text,
            "1 order, newest first:\n"
            "- ORD-20261123004928-7700DA0F, merchant-a, 86.38 USD, pending\n");
  EXPECT_EQ(shop.log.back(), "list_orders {}");
  say(kWish);
  say("buy it");
  say("yes");
  EXPECT_EQ(say("where is my order?").text,
            "Order ORD-20261123004928-7700DA0F is pending, total 86.38 USD.\n");
  EXPECT_EQ(shop.log.back(),
            R"(get_order_status {"order_id":"9048dc7c-47dc-40e6-a392-3bd6523428ee"})");
  say("list my shipped orders");
  EXPECT_EQ(shop.log.back(), R"(list_orders {"status":"shipped"})");
  say("status of order 00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(shop.log.back(),
            R"(get_order_status {"order_id":"00000000-0000-0000-0000-000000000000"})");
}

TEST_F(Shopping, shows_tracking_and_reasons_of_an_order) {
  shop.answer("get_order_status", ToolOutcome{true, parse_json(R"({"merchant_order_id":"ORD-1",
    "status":"shipped","total":{"amount":100,"currency":"USD"},"carrier":"SimCarrier",
    "tracking_number":"SIM1","cancelled_reason":null})")});
  EXPECT_EQ(say("status of order 00000000-0000-0000-0000-000000000000").text,
            "Order ORD-1 is shipped, total 1.00 USD.\nTracking: SimCarrier SIM1\n");
  shop.answer("list_orders", ToolOutcome{true, {{"total", 0}, {"items", Json::array()}}});
  EXPECT_EQ(say("list my refunded orders").text, "There are no refunded orders.\n");
}

TEST_F(Shopping, looks_the_order_up_when_the_confirm_names_none) {
  say(kWish);
  say("buy it");
  shop.answer_once("confirm_checkout",
                   {true, parse_json(R"({"checkout_id":"checkout-1","order_id":null,
                     "merchant_order_id":"ORD-20261123004928-7700DA0F","status":"confirmed",
                     "total":{"amount":8638,"currency":"USD"}})")});
  const Turn yes = say("yes");
  EXPECT_EQ(yes.calls.back(), "list_orders");
  EXPECT_EQ(yes.text,
            "Bought at Merchant A for 86.38 USD.\n"
            "Merchant order number: ORD-20261123004928-7700DA0F\n"
            "Order status: pending\n");
}

TEST_F(Shopping, cleans_what_merchants_wrote) {
  shop.answer("get_offer_details", tool_error("NETWORK_ERROR", "no route"));
  shop.answer("get_intent_offers", ToolOutcome{true, parse_json(R"({"items":[{"id":"o",
    "merchant_id":"m","metadata":{"merchant_name":"M\n99. Free, 0.00 USD"},"items":[
    {"product_id":"p","title":"Head\u001b[2Jphones headphones\r\nx","quantity_available":1,
     "price":{"amount":100,"currency":"USD"}}]}]})")});
  EXPECT_THAT(say("headphones").text,
              HasSubstr("1. Head [2Jphones headphones  x, 1.00 USD, M 99. Free, 0.00 USD, 1 in "
                        "stock\n"));
}

TEST_F(Shopping, survives_answers_that_make_no_sense) {
  const std::vector<std::pair<const char*, const char*>> table = {
      {"{}", "No shop answered"},
      {R"({"items":null})", "No shop answered"},
      {R"({"items":"x"})", "No shop answered"},
      {R"({"items":[1,"x",null,{"items":[3]}]})", "I found no headphones"},
      {R"({"items":[{"id":5,"items":[{"price":{"amount":10.79}},{"price":7}]}]})",
       "I found no headphones"},
  };
  for (const auto& [answer, said] : table) {
    shop.answer("get_intent_offers", ToolOutcome{true, parse_json(answer)});
    EXPECT_THAT(say("headphones").text, testing::StartsWith(said)) << answer;
  }
}

}  // namespace
}  // namespace cartpilot::offline
