// Currencies have their own decimals, from the flag to the receipt.
#include "commerce/currency.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cartpilot/error.h"
#include "commerce/money.h"
#include "gate_world.h"
#include "purchase/question.h"

namespace cartpilot::purchase {
namespace {

using commerce::decimals_of;
using commerce::format_money;
using commerce::parse_minor;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Currency, has_the_decimals_of_iso_4217) {
  for (const char* code : {"JPY", "KRW", "CLP", "VND", "ISK"})
    EXPECT_EQ(decimals_of(code), 0) << code;
  for (const char* code : {"USD", "EUR", "GBP", "CHF", "ZWG"})
    EXPECT_EQ(decimals_of(code), 2) << code;
  for (const char* code : {"KWD", "BHD", "TND"}) EXPECT_EQ(decimals_of(code), 3) << code;
  EXPECT_EQ(decimals_of("UYW"), 4);
  for (const char* code : {"", "XXX", "usd", "US", "USDX", "D E", "JPY ", "BTC"}) {
    EXPECT_EQ(decimals_of(code), std::nullopt) << code;
  }
}

TEST(Currency, is_written_and_read_with_them) {
  EXPECT_EQ(format_money({6181, "JPY"}), "6181 JPY");
  EXPECT_EQ(format_money({6181, "USD"}), "61.81 USD");
  EXPECT_EQ(format_money({6181, "KWD"}), "6.181 KWD");
  EXPECT_EQ(format_money({1, "KWD"}), "0.001 KWD");
  EXPECT_EQ(format_money({-5, "USD"}), "-0.05 USD");
  EXPECT_EQ(format_money({0, "JPY"}), "0 JPY");
  EXPECT_EQ(format_money({6181, "XXX"}), "6181 smallest units of XXX");
  EXPECT_EQ(parse_minor("5000", "JPY"), 5000);
  EXPECT_EQ(parse_minor("5.1", "KWD"), 5100);
  EXPECT_EQ(parse_minor("5.123", "KWD"), 5123);
  EXPECT_THROW(parse_minor("5.0", "JPY"), Error);
  EXPECT_THROW(parse_minor("5.1234", "KWD"), Error);
  EXPECT_THROW(parse_minor("5.123", "USD"), Error);
  EXPECT_THROW(parse_minor("5", "XXX"), Error);
}

TEST(Currency, counts_in_flags_and_limits) {
  EXPECT_EQ(parse_limits("", "", "5000:JPY").day, (commerce::Money{5000, "JPY"}));
  EXPECT_EQ(parse_policy("up-to:1.5:KWD", "merchant-a").up_to, (commerce::Money{1500, "KWD"}));
  EXPECT_THROW(parse_limits("", "", "5000:XXX"), Error);
  EXPECT_THROW(parse_limits("", "", "50.00:JPY"), Error);
  EXPECT_THAT(over_limit(parse_limits("", "", "5000:JPY"), {6181, "JPY"}, {}).value_or(""),
              AllOf(HasSubstr("6181 JPY"), HasSubstr("5000 JPY")));
  EXPECT_EQ(outside_limits(PurchasePolicy(), {6181, "JPY"}), std::nullopt);
  EXPECT_THAT(outside_limits(PurchasePolicy(), {6181, "XXX"}).value_or(""), HasSubstr("XXX"));
}

/// Every price of the checkout in another currency.
void reprice(GateWorld& world, const std::string& id, const char* currency) {
  Json& checkout = world.server.checkout(id);
  std::string text = dump_json(checkout);
  for (std::size_t at = 0; (at = text.find("\"USD\"", at)) != std::string::npos;) {
    text.replace(at + 1, 3, currency);
  }
  checkout = parse_json(text);
}

TEST(Currency, of_a_receipt_is_shown_as_it_is_and_an_unknown_one_refused) {
  GateWorld world;
  const std::string yen = world.prepare();
  reprice(world, yen, "JPY");
  EXPECT_TRUE(world.approve(yen).ok);
  ASSERT_EQ(world.person.questions.size(), 1U);
  const auto receipt = commerce::make_receipt("http://localhost:8000", "test_card",
                                              world.client.get_checkout(yen, world.context).value);
  std::string shown;
  for (const ReceiptField& field : receipt_fields(receipt, std::nullopt)) {
    shown += field.label + "=" + field.value + "\n";
  }
  EXPECT_THAT(shown, AllOf(HasSubstr("TOTAL=8638 JPY"), HasSubstr("each=7999 JPY"),
                           Not(HasSubstr("86.38"))));
  ApprovalQuestion question;
  question.total = receipt.total();
  question.challenge = "abcd";
  EXPECT_EQ(judge_answer(question, "8638 abcd").kind, TypedAnswer::Kind::kYes);
  EXPECT_EQ(judge_answer(question, "8,638 abcd").kind, TypedAnswer::Kind::kWrong);
  EXPECT_EQ(judge_answer(question, "86.38 abcd").kind, TypedAnswer::Kind::kWrong);

  world.gate->begin_turn();
  const std::string unknown = world.prepare("mug");
  reprice(world, unknown, "XXX");
  EXPECT_EQ(code_of(world.approve(unknown)), "RECEIPT_INVALID");
  EXPECT_THAT(world.gate->last_report()->message, HasSubstr("XXX"));
  EXPECT_EQ(world.person.questions.size(), 1U);
}

}  // namespace
}  // namespace cartpilot::purchase
