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

TEST(ParseIntent, reads_every_field) {
  EXPECT_EQ(parse_intent(intent_body()), (Intent{.id = "int-1",
                                                 .query = "lamp",
                                                 .session_id = std::nullopt,
                                                 .metadata = {{"n", 1.5}},
                                                 .offers_collected = false,
                                                 .offer_count = 0,
                                                 .created_at = "2026-11-23T00:48:13.685386Z",
                                                 .updated_at = "2026-11-23T00:48:13.685388Z"}));
}

TEST(ParseOffer, reads_every_field) {
  const Offer expected{.id = "off-1",
                       .intent_id = "int-1",
                       .merchant_id = "merchant-a",
                       .items = {{.product_id = "p1",
                                  .variant_id = std::nullopt,
                                  .sku = "LAM-1",
                                  .title = "Lamp",
                                  .description = std::nullopt,
                                  .brand = "Acme",
                                  .category_path = "Home > Lamps",
                                  .price = usd(2499),
                                  .quantity_available = 7,
                                  .image_url = std::nullopt,
                                  .rating = 4.0,
                                  .review_count = 12}},
                       .lowest_price = usd(2499),
                       .highest_price = usd(2499),
                       .expires_at = "2026-11-23T01:48:34.179232Z",
                       .is_expired = false,
                       .metadata = {{"merchant_name", "Merchant A"}, {"query", "lamp"}},
                       .created_at = "2026-11-23T00:48:34.179266Z"};
  EXPECT_EQ(parse_offer(offer_body()), expected);

  const Json page = {{"total", 1},
                     {"page", 1},
                     {"page_size", 20},
                     {"has_more", false},
                     {"items", Json::array({offer_body()})},
                     {"intent_id", "int-1"}};
  EXPECT_EQ(parse_offer_page(page), (Page<Offer>{1, 1, 20, false, {expected}}));
}

TEST(ParseOffer, accepts_an_offer_without_items) {
  Json body = offer_body();
  body["items"] = Json::array();
  body["lowest_price"] = nullptr;
  body["highest_price"] = nullptr;
  body["expires_at"] = nullptr;
  const Offer offer = parse_offer(body);
  EXPECT_TRUE(offer.items.empty());
  EXPECT_EQ(offer.lowest_price, std::nullopt);
  EXPECT_EQ(offer.highest_price, std::nullopt);
  EXPECT_EQ(offer.expires_at, std::nullopt);
}

TEST(ParseMerchants, reads_the_list) {
  const Json body = parse_json(
      R"({"merchants":[{"id":"merchant-a","name":"A","url":"http://127.0.0.1:8001",
          "enabled":true}],"total":1})");
  EXPECT_EQ(parse_merchants(body),
            (std::vector<Merchant>{{"merchant-a", "A", "http://127.0.0.1:8001", true}}));
  EXPECT_TRUE(parse_merchants(parse_json(R"({"merchants":[],"total":0})")).empty());
}

TEST(ParseCheckout, reads_a_checkout_before_its_first_quote) {
  EXPECT_EQ(parse_checkout(created_checkout_body()),
            (Checkout{.id = "chk-1",
                      .offer_id = "off-1",
                      .merchant_id = "merchant-a",
                      .status = "created",
                      .items = {},
                      .subtotal = std::nullopt,
                      .tax = std::nullopt,
                      .shipping = std::nullopt,
                      .total = std::nullopt,
                      .merchant_checkout_id = std::nullopt,
                      .receipt_hash = std::nullopt,
                      .frozen_receipt = std::nullopt,
                      .merchant_order_id = std::nullopt,
                      .approved_by = std::nullopt,
                      .expires_at = "2026-11-24T00:49:28.023294Z",
                      .created_at = "2026-11-23T00:49:28.023316Z",
                      .updated_at = "2026-11-23T00:49:28.023318Z"}));
}

TEST(ParseCheckout, reads_a_frozen_receipt) {
  EXPECT_EQ(
      parse_checkout(frozen_checkout_body()),
      (Checkout{.id = "chk-1",
                .offer_id = "off-1",
                .merchant_id = "merchant-a",
                .status = "awaiting_approval",
                .items = {{.product_id = "p1",
                           .variant_id = "v1",
                           .sku = "LAM-1-RED",
                           .title = "Lamp",
                           .unit_price = usd(2499),
                           .quantity = 2,
                           .line_total = usd(4998)}},
                .subtotal = usd(4998),
                .tax = usd(399),
                .shipping = usd(999),
                .total = usd(6396),
                .merchant_checkout_id = "mer-1",
                .receipt_hash = "b846397939c0dbe0",
                .frozen_receipt = FrozenReceipt{.hash = "150a5ae16e1d1447",
                                                .items = {{.product_id = "p1",
                                                           .variant_id = "v1",
                                                           .sku = "LAM-1-RED",
                                                           .title = "Lamp",
                                                           .unit_price_cents = 2499,
                                                           .quantity = 2,
                                                           .currency = "USD"}},
                                                .subtotal_cents = 4998,
                                                .tax_cents = 399,
                                                .shipping_cents = 999,
                                                .total_cents = 6396,
                                                .currency = "USD",
                                                .frozen_at = "2026-11-23T00:49:28.542064+00:00"},
                .merchant_order_id = std::nullopt,
                .approved_by = std::nullopt,
                .expires_at = "2026-11-24T00:49:28.023294Z",
                .created_at = "2026-11-23T00:49:28.023316Z",
                .updated_at = "2026-11-23T00:49:28.023318Z"}));
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

TEST(ParseOrder, reads_every_field) {
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
  const Address address{.line1 = "1 Road", .city = "Town", .postal_code = "12345", .country = "US"};
  EXPECT_EQ(parse_order(body), (Order{.id = "ord-1",
                                      .checkout_id = "chk-1",
                                      .merchant_id = "merchant-a",
                                      .merchant_order_id = "ORD-20261123004928-7700DA0F",
                                      .status = "refunded",
                                      .items = {{.product_id = "p1",
                                                 .variant_id = std::nullopt,
                                                 .sku = std::nullopt,
                                                 .title = "Lamp",
                                                 .quantity = 2,
                                                 .unit_price = usd(2499),
                                                 .line_total = usd(4998)}},
                                      .subtotal = usd(4998),
                                      .tax = usd(399),
                                      .shipping = usd(999),
                                      .total = usd(6396),
                                      .tracking_number = "SIM0A1B2C3D",
                                      .carrier = "SimCarrier",
                                      .cancelled_reason = "changed my mind",
                                      .refund_amount = usd(100),
                                      .created_at = "2026-11-23T00:50:40.341281Z",
                                      .updated_at = "2026-11-23T00:50:40.341281Z",
                                      .customer = Customer{.email = "customer@example.com"},
                                      .shipping_address = address,
                                      .billing_address = address,
                                      .cancelled_by = "customer",
                                      .refund_reason = "scratched",
                                      .status_history = {{.from_status = "pending",
                                                          .to_status = "confirmed",
                                                          .reason = std::nullopt,
                                                          .actor = "simulate_time",
                                                          .metadata = {{"n", 1}},
                                                          .created_at = "then"}},
                                      .confirmed_at = "at confirmed_at",
                                      .shipped_at = "at shipped_at",
                                      .delivered_at = "at delivered_at",
                                      .cancelled_at = "at cancelled_at",
                                      .refunded_at = "at refunded_at"}));
  EXPECT_EQ(parse_order(order_body()).refund_amount, std::nullopt);
}

TEST(ParseOrder, reads_a_page_of_summaries) {
  EXPECT_EQ(parse_order_page(order_page_body()),
            (Page<OrderSummary>{1,
                                1,
                                20,
                                false,
                                {{.id = "ord-1",
                                  .merchant_id = "merchant-a",
                                  .merchant_order_id = std::nullopt,
                                  .status = "pending",
                                  .total = usd(6396),
                                  .item_count = 2,
                                  .customer_email = "customer@example.com",
                                  .created_at = "2026-11-23T00:49:28.708327Z"}}}));
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
