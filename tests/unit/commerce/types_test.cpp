// What the answers of tests/contract leave open: fields that may be there, and values that are
// refused.
#include "commerce/types.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/commerce/sample_bodies.h"

namespace cartpilot::commerce {
namespace {

using namespace fakes;

Money usd(std::int64_t cents) { return {cents, "USD"}; }

template <typename Parse>
std::string refusal(Parse parse, const Json& json) {
  try {
    parse(json);
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kProtocol);
    return error.what();
  }
  return "it was accepted";
}

TEST(ParseConfirmation, reads_a_first_and_a_repeated_confirm) {
  Confirmation expected{.checkout_id = "chk-1",
                        .merchant_order_id = "ORD-20261123004928-7700DA0F",
                        .order_id = "ord-1",
                        .status = "confirmed",
                        .total = usd(6396),
                        .confirmed_at = "2026-11-23T00:49:28.708055Z"};
  EXPECT_EQ(parse_confirmation(confirmation_body()), expected);

  Json repeated = confirmation_body();
  repeated["order_id"] = nullptr;
  repeated["merchant_order_id"] = "";
  expected.order_id.reset();
  expected.merchant_order_id = "";
  EXPECT_EQ(parse_confirmation(repeated), expected);
}

TEST(ParseOrder, reads_what_an_order_may_have_besides) {
  Json body = order_body();
  body["status"] = "refunded";
  body["tracking_number"] = "SIM0A1B2C3D";
  body["carrier"] = "SimCarrier";
  body["cancelled_reason"] = "changed my mind";
  body["refund_amount"] = price(100);
  body["refund_reason"] = "scratched";
  body["cancelled_by"] = "customer";
  body["billing_address"] = body["shipping_address"];
  for (const char* when :
       {"confirmed_at", "shipped_at", "delivered_at", "cancelled_at", "refunded_at"}) {
    body[when] = std::string("at ") + when;
  }
  body["status_history"] = Json::array({{{"from_status", "pending"},
                                         {"to_status", "confirmed"},
                                         {"reason", nullptr},
                                         {"actor", "simulate_time"},
                                         {"metadata", {{"n", 1}}},
                                         {"created_at", "then"}}});
  Order expected = parse_order(order_body());
  EXPECT_EQ(expected.refund_amount, std::nullopt);
  expected.status = "refunded";
  expected.tracking_number = "SIM0A1B2C3D";
  expected.carrier = "SimCarrier";
  expected.cancelled_reason = "changed my mind";
  expected.refund_amount = usd(100);
  expected.refund_reason = "scratched";
  expected.cancelled_by = "customer";
  expected.billing_address =
      Address{.line1 = "1 Road", .city = "Town", .postal_code = "12345", .country = "US"};
  expected.confirmed_at = "at confirmed_at";
  expected.shipped_at = "at shipped_at";
  expected.delivered_at = "at delivered_at";
  expected.cancelled_at = "at cancelled_at";
  expected.refunded_at = "at refunded_at";
  expected.status_history = {{.from_status = "pending",
                              .to_status = "confirmed",
                              .reason = std::nullopt,
                              .actor = "simulate_time",
                              .metadata = {{"n", 1}},
                              .created_at = "then"}};
  EXPECT_EQ(parse_order(body), expected);
}

TEST(ParseMoney, takes_nothing_but_json_integers) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {"12.0", "checkout.total.amount must be an integer, not 12.0"},
      {"1e3", "checkout.total.amount must be an integer, not 1000.0"},
      {"10.79", "checkout.total.amount must be an integer, not 10.79"},
      {"\"1079\"", "checkout.total.amount must be an integer, not string"},
      {"true", "checkout.total.amount must be an integer, not boolean"},
      {"null", "checkout.total.amount must be an integer, not null"},
      {"9223372036854775808",
       "checkout.total.amount must be an integer below 2^63, not 9223372036854775808"},
  };
  for (const auto& [amount, message] : table) {
    Json body = frozen_checkout_body();
    body["total"]["amount"] = parse_json(amount);
    EXPECT_EQ(refusal(parse_checkout, body), message);
  }
}

TEST(ParseMoney, takes_currency_codes_only) {
  for (const char* currency : {"usd", "US", "USDX", "", "U$D", "\x1b[m"}) {
    Json body = frozen_checkout_body();
    body["frozen_receipt"]["currency"] = currency;
    EXPECT_EQ(refusal(parse_checkout, body),
              "checkout.frozen_receipt.currency must be a currency code of three capital letters");
  }
}

TEST(ParseCheckout, names_the_field_that_is_wrong) {
  const std::vector<std::pair<std::string, std::string>> table = {
      {R"([{"op":"remove","path":"/status"}])", "checkout.status is missing"},
      {R"([{"op":"replace","path":"/id","value":7}])", "checkout.id must be a string, not 7"},
      {R"([{"op":"replace","path":"/items","value":{}}])",
       "checkout.items must be a list, not object"},
      {R"([{"op":"replace","path":"/items/0","value":"x"}])",
       "checkout.items[0] must be an object, not string"},
      {R"([{"op":"replace","path":"/items/0/quantity","value":2.5}])",
       "checkout.items[0].quantity must be an integer, not 2.5"},
      {R"([{"op":"remove","path":"/items/0/unit_price/amount"}])",
       "checkout.items[0].unit_price.amount is missing"},
      {R"([{"op":"replace","path":"/frozen_receipt/items/0/unit_price_cents","value":"2499"}])",
       "checkout.frozen_receipt.items[0].unit_price_cents must be an integer, not string"},
      {R"([{"op":"remove","path":"/frozen_receipt/total_cents"}])",
       "checkout.frozen_receipt.total_cents is missing"},
      {R"([{"op":"replace","path":"/frozen_receipt","value":[]}])",
       "checkout.frozen_receipt must be an object, not array"},
  };
  for (const auto& [patch, message] : table) {
    EXPECT_EQ(refusal(parse_checkout, frozen_checkout_body().patch(parse_json(patch))), message);
  }
  EXPECT_EQ(refusal(parse_checkout, Json::array()), "checkout must be an object, not array");
}

TEST(ParseOffer, names_the_field_that_is_wrong) {
  Json body = offer_body();
  body["is_expired"] = "false";
  EXPECT_EQ(refusal(parse_offer, body), "offer.is_expired must be true or false, not string");
  body = offer_body();
  body["items"][0]["rating"] = "4";
  EXPECT_EQ(refusal(parse_offer, body), "offer.items[0].rating must be a number, not string");
  body = offer_body();
  body["metadata"] = 1;
  EXPECT_EQ(refusal(parse_offer, body), "offer.metadata must be an object, not 1");
}

}  // namespace
}  // namespace cartpilot::commerce
