// How the offline shopper deals with calls that fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fake_shop.h"

namespace cartpilot::offline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Failures : public testing::Test {
 protected:
  Turn say(const std::string& text) { return conversation.say(text); }
  void plan() {
    say(kWish);
    say("buy it");
  }
  FakeShop shop;
  Conversation conversation{shop};
};

TEST_F(Failures, stops_at_the_first_failed_step_and_says_why) {
  shop.answer_once("create_intent", tool_error("NETWORK_ERROR", "connection refused"));
  Turn turn = say(kWish);
  EXPECT_THAT(turn.calls, ElementsAre("create_intent"));
  EXPECT_EQ(turn.text,
            "CartPilot cannot be reached (connection refused). Check that it runs (\"cartpilot "
            "doctor\" helps), then say it again.\n");
  shop.answer_once("get_intent_offers", tool_error("INVALID_API_KEY", "Invalid API key"));
  EXPECT_THAT(say(kWish).text, HasSubstr("check CARTPILOT_API_KEY"));
  say(kWish);
  shop.answer_once("create_checkout", tool_error("OFFER_NOT_FOUND", "Offer not found: x"));
  turn = say("buy it");
  EXPECT_THAT(turn.calls, ElementsAre("create_checkout"));
  EXPECT_THAT(turn.text, HasSubstr("CartPilot no longer knows that offer."));
}

TEST_F(Failures, says_it_once_more_when_asked_to_try_again) {
  shop.answer_once("get_intent_offers", tool_error("CANCELLED", "The person stopped this turn."));
  EXPECT_EQ(say(kWish).text, "Stopped.\n");
  EXPECT_THAT(say("continue").text, HasSubstr("1. Fabrikam"));
  EXPECT_THAT(say("buy it").text, HasSubstr("total 86.38 USD"));
  shop.answer_once("get_checkout", tool_error("TIMEOUT", "no answer in time"));
  EXPECT_THAT(say("yes").text, StartsWith("CartPilot cannot be reached"));
  EXPECT_THAT(say("try again please").text, StartsWith("Bought at Merchant A"));
}

TEST_F(Failures, says_that_stock_ran_out) {
  say(kWish);
  shop.answer_once(
      "quote_checkout",
      tool_error("MERCHANT_ERROR",
                 R"([merchant-a] Failed to create quote: {"message":"Insufficient stock"})"));
  EXPECT_THAT(say("buy it").text, HasSubstr("The merchant does not have enough of it any more."));
}

TEST_F(Failures, tells_how_to_allow_what_the_policy_refused) {
  plan();
  shop.answer_once("approve_checkout",
                   tool_error("APPROVAL_REFUSED_BY_POLICY",
                              "nothing was bought: 86.38 USD is more than allowed"));
  const Turn turn = say("yes");
  EXPECT_THAT(turn.calls, ElementsAre("get_checkout", "approve_checkout"));
  EXPECT_EQ(turn.text,
            "Nothing was bought: this run may not buy it. (nothing was bought: 86.38 USD is more "
            "than allowed) To allow purchases, run cartpilot in a terminal and answer its "
            "question, or start it with --approve up-to:AMOUNT:CUR --merchants LIST (for example "
            "--approve up-to:150:USD --merchants merchant-a).\n");
}

TEST_F(Failures, takes_a_declined_approval_for_what_it_is) {
  plan();
  shop.answer_once("approve_checkout", tool_error("APPROVAL_DECLINED", "the person said no"));
  const Turn declined = say("yes");
  EXPECT_THAT(declined.text, StartsWith("Nothing was bought: you did not approve it."));
  EXPECT_THAT(say("yes").text, StartsWith("Bought at Merchant A"));
}

TEST_F(Failures, quotes_and_asks_again_after_a_price_change) {
  for (const char* code : {"PRICE_CHANGED", "REAPPROVAL_REQUIRED"}) {
    FakeShop changing;
    Conversation talk(changing);
    talk.say(kWish);
    talk.say("buy it");
    changing.answer_once("confirm_checkout", tool_error(code, "the merchant changed the price"));
    changing.set_unit_price(8999);
    const Turn turn = talk.say("yes");
    EXPECT_THAT(turn.calls, ElementsAre("get_checkout", "approve_checkout", "confirm_checkout",
                                        "quote_checkout", "request_approval"));
    EXPECT_EQ(turn.text,
              "The price changed: the total was 86.38 USD, now it is 97.18 USD. Nothing was "
              "bought.\n"
              "From Merchant A:\n"
              "  1 x Fabrikam Wireless Classic Earbuds, 89.99 USD each\n"
              "  tax 7.19 USD, shipping 0.00 USD\n"
              "  total 97.18 USD\n"
              "Shall I buy it like this? (yes or no)\n");
    EXPECT_THAT(talk.say("yes").text, StartsWith("Bought at Merchant A"));
  }
}

TEST_F(Failures, asks_again_when_the_new_quote_costs_the_same) {
  plan();
  shop.answer_once("approve_checkout", tool_error("RECEIPT_CHANGED", "the receipt changed"));
  shop.answer_once("quote_checkout", shop.call("get_checkout", Json::object()));
  const Turn turn = say("yes");
  EXPECT_THAT(turn.calls, ElementsAre("get_checkout", "approve_checkout", "quote_checkout"));
  EXPECT_THAT(turn.text, StartsWith("Something changed in the meantime; the total is still"));
}

TEST_F(Failures, approves_nothing_that_differs_from_what_was_shown) {
  plan();
  Json other = shop.call("get_checkout", Json::object()).content;
  other["items"][0]["title"] = "Something else";
  shop.answer("get_checkout", ToolOutcome{true, other});
  const Turn turn = say("yes");
  EXPECT_THAT(turn.calls, ElementsAre("get_checkout"));
  EXPECT_THAT(turn.text, HasSubstr("1 x Something else"));
  // Now it was shown, so the next yes is about it.
  EXPECT_THAT(say("yes").calls, testing::Contains("approve_checkout"));
}

TEST_F(Failures, never_buys_again_while_the_outcome_is_unknown) {
  plan();
  shop.answer_once("confirm_checkout",
                   {false, parse_json(R"({"status":"unknown","checkout_id":"checkout-1",
                     "do":"nothing: the program finds out what happened",
                     "message":"no answer came"})")});
  const Turn turn = say("yes");
  EXPECT_EQ(turn.text,
            "It is not known yet whether the purchase went through. The program is checking; "
            "please do not buy it again. \"cartpilot purchases list\" shows what is known.\n"
            "(no answer came)\n");
  const Turn again = say("yes");
  EXPECT_THAT(again.calls, ElementsAre("get_checkout"));
  EXPECT_THAT(again.text, StartsWith("It is still not known"));
  EXPECT_THAT(say("no").text, StartsWith("It is still not known"));
}

TEST_F(Failures, finds_out_later_that_an_unknown_purchase_went_through) {
  plan();
  shop.answer_once("confirm_checkout", tool_error("PURCHASE_UNRESOLVED", "not known"));
  say("yes");
  shop.call("confirm_checkout", Json::object());
  const Turn later = say("yes");
  EXPECT_THAT(later.calls, ElementsAre("get_checkout", "list_orders"));
  EXPECT_THAT(later.text, StartsWith("Bought at Merchant A for 86.38 USD."));
}

TEST_F(Failures, says_it_was_bought_although_the_order_cannot_be_read) {
  plan();
  shop.answer_once("get_order_status", tool_error("NETWORK_ERROR", "no route"));
  const Turn turn = say("yes");
  EXPECT_THAT(turn.text, StartsWith("Bought at Merchant A for 86.38 USD.\nMerchant order number"));
  EXPECT_THAT(turn.text, HasSubstr("I could not read the order's status just now"));
}

TEST_F(Failures, is_loud_about_a_purchase_that_is_not_as_agreed) {
  plan();
  shop.answer_once("confirm_checkout",
                   tool_error("NOT_AS_AGREED", "the order is over 99.00 USD instead of 86.38 USD"));
  EXPECT_THAT(say("yes").text, StartsWith("Attention, something was bought, but not as agreed:"));
}

TEST_F(Failures, goes_on_from_where_the_checkout_stands) {
  say(kWish);
  shop.answer_once("request_approval", tool_error("TIMEOUT", "no answer in time"));
  EXPECT_THAT(say("buy it").text, StartsWith("CartPilot cannot be reached"));
  const Turn turn = say("yes");
  EXPECT_THAT(turn.calls, ElementsAre("get_checkout", "request_approval"));
  EXPECT_THAT(turn.text, HasSubstr("total 86.38 USD"));
  EXPECT_THAT(turn.text, HasSubstr("(yes or no)"));
}

TEST_F(Failures, says_plainly_what_each_code_means) {
  const std::vector<std::pair<const char*, const char*>> table = {
      {"CHECKOUT_EXPIRED", "the plan has expired"},
      {"NOT_OURS", "was not made in this conversation"},
      {"CONSENT_REQUIRED", "the approval has lapsed"},
      {"TOO_MANY_QUESTIONS", "you were asked several times"},
      {"CHECKOUT_NOT_FOUND", "CartPilot no longer knows that plan"},
      {"UNAUTHORIZED", "set CARTPILOT_API_KEY"},
      {"CANCELLED", "Stopped."},
      {"OUT_OF_STOCK", "Nothing was bought. The merchant does not have enough"},
      {"INTERNAL_ERROR", "Nothing was bought: words. Change the order or pick something else."},
  };
  for (const auto& [code, words] : table) {
    FakeShop failing;
    Conversation talk(failing);
    talk.say(kWish);
    talk.say("buy it");
    failing.answer_once("approve_checkout", tool_error(code, "words"));
    const Turn turn = talk.say("yes");
    EXPECT_THAT(turn.text, HasSubstr(words));
    EXPECT_THAT(turn.calls, Not(testing::Contains("confirm_checkout")));
  }
}

}  // namespace
}  // namespace cartpilot::offline
