// For every endpoint: the exact request that leaves, and the typed value made of the answer.
//
// A fixture holds one exchange: `request` (method, target, headers, body) and `answer`. The value
// is compared field by field through a JSON rendering that each row gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "commerce/client.h"
#include "contract/expected_values.h"
#include "contract/fixture_file.h"
#include "unit/commerce/scripted_transport.h"

namespace cartpilot::commerce {
namespace {

using fakes::cartpilot_fixture;
using fakes::ScriptedTransport;

constexpr const char* kUuid4 =
    "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

const std::vector<ItemRequest> kTwoItems = {
    {.product_id = "b7e1f0a2c3d4e5f60718293a4b5c6d7e", .variant_id = "9f8e7d6c", .quantity = 2},
    {.product_id = "00112233445566778899aabbccddeeff", .variant_id = std::nullopt, .quantity = 1}};

/// Runs `call` against the fixture's answer, checks the request it made and returns its answer.
template <typename Call>
auto exchange(const std::string& fixture_name, Call call) {
  const Json fixture = cartpilot_fixture(fixture_name);
  EXPECT_EQ(fixture["origin"], "constructed from the published REST contract");
  const Json& expected = fixture["request"];
  const Json& answer = fixture["answer"];

  ScriptedTransport transport;
  transport.answer(answer["status"].get<int>(), dump_json(answer["body"]),
                   {{"content-type", "application/json"}, {"x-request-id", "answer-1"}});
  const CartPilotClient client(
      {.base_url = "http://localhost:8000", .api_key = "test-key", .session_id = "conversation-1"},
      transport);
  auto result = call(client, CallContext());

  const HttpRequest sent = transport.last();
  Json headers = Json::object();
  for (const auto& [name, value] : sent.headers) {
    if (name == "X-Request-ID") {
      EXPECT_THAT(value, testing::MatchesRegex(kUuid4));
      headers[name] = "<uuid4>";
    } else {
      headers[name] = value;
    }
  }
  const Json actual = {{"method", sent.method},
                       {"url", sent.url},
                       {"headers", headers},
                       {"body", sent.body.empty() ? Json() : parse_json(sent.body)}};
  EXPECT_EQ(actual.dump(1), expected.dump(1));
  EXPECT_EQ(sent.body, expected["body"].is_null() ? "" : dump_json(expected["body"]));
  if constexpr (!std::is_same_v<decltype(result), Json>) {
    EXPECT_EQ(dump_json(result.raw), dump_json(answer["body"]));
    EXPECT_EQ(result.request_id, "answer-1");
  }
  return result;
}

const std::string kCheckoutId = "5a1d2c3b-0f0e-4d0c-8b0a-090807060504";
const std::string kIntentId = "aa11bb22-cc33-4d44-8e55-ff6677889900";
const std::string kOfferId = "11f6c1de-7b9a-4c55-9d2e-3a4b5c6d7e8f";
const std::string kOrderId = "0d0e0f10-1112-4314-9516-171819202122";

TEST(RestContract, health) {
  const auto answer = exchange(
      "health", [](const auto& client, const auto& context) { return client.health(context); });
  EXPECT_EQ(answer.value, (Health{"healthy", "cartpilot-api", "0.1.0"}));
}

TEST(RestContract, ready) {
  const auto answer = exchange(
      "ready", [](const auto& client, const auto& context) { return client.ready(context); });
  EXPECT_EQ(answer.value, Health{"ready"});
}

TEST(RestContract, merchants) {
  const auto answer = exchange("merchants", [](const auto& client, const auto& context) {
    return client.merchants(context);
  });
  EXPECT_EQ(answer.value,
            (std::vector<Merchant>{{"merchant-a", "Merchant A", "http://127.0.0.1:8001", true},
                                   {"merchant-b", "Merchant B", "http://127.0.0.1:8002", true}}));
}

TEST(RestContract, create_intent) {
  const auto answer = exchange("create_intent", [](const auto& client, const auto& context) {
    return client.create_intent("desk lamp", std::nullopt, {"key-intent"}, context);
  });
  EXPECT_EQ(answer.value, lamp_intent());
}

TEST(RestContract, get_intent) {
  const auto answer = exchange("get_intent", [](const auto& client, const auto& context) {
    return client.get_intent(kIntentId, context);
  });
  Intent expected = lamp_intent();
  expected.offers_collected = true;
  expected.offer_count = 2;
  expected.metadata = {{"demo", true}};
  EXPECT_EQ(answer.value, expected);
}

TEST(RestContract, get_intent_offers) {
  const auto answer = exchange("get_intent_offers", [](const auto& client, const auto& context) {
    return client.get_intent_offers(kIntentId, 1, 2, context);
  });
  Offer empty = lamp_offer();
  empty.id = "22f6c1de-7b9a-4c55-9d2e-3a4b5c6d7e8f";
  empty.merchant_id = "merchant-b";
  empty.items.clear();
  empty.lowest_price.reset();
  empty.highest_price.reset();
  empty.expires_at.reset();
  empty.is_expired = true;
  empty.metadata = Json::object();
  EXPECT_EQ(answer.value, (Page<Offer>{3, 1, 2, true, {lamp_offer(), empty}}));
}

TEST(RestContract, get_offer) {
  const auto answer = exchange("get_offer", [](const auto& client, const auto& context) {
    return client.get_offer(kOfferId, context);
  });
  EXPECT_EQ(answer.value, lamp_offer());
}

TEST(RestContract, create_checkout) {
  const auto answer = exchange("create_checkout", [](const auto& client, const auto& context) {
    return client.create_checkout(kOfferId, kTwoItems, "key-checkout", {"key-checkout"}, context);
  });
  EXPECT_EQ(answer.value, created_checkout());
}

TEST(RestContract, get_checkout) {
  const auto answer = exchange("get_checkout", [](const auto& client, const auto& context) {
    return client.get_checkout(kCheckoutId, context);
  });
  Checkout expected = frozen_checkout();
  expected.status = "confirmed";
  expected.approved_by = "user";
  expected.merchant_order_id = "ORD-20261123090002-0A1B2C3D";
  expected.approved_at = "2026-11-23T09:00:01.500000Z";
  expected.confirmed_at = "2026-11-23T09:00:02Z";
  EXPECT_EQ(answer.value, expected);
}

TEST(RestContract, quote) {
  const auto answer = exchange("quote", [](const auto& client, const auto& context) {
    return client.quote(kCheckoutId, kTwoItems, "ann@example.com", {"key-quote"}, context);
  });
  EXPECT_EQ(answer.value, quoted_checkout());
}

TEST(RestContract, request_approval) {
  const auto answer = exchange("request_approval", [](const auto& client, const auto& context) {
    return client.request_approval(kCheckoutId, {"key-approval"}, context);
  });
  EXPECT_EQ(answer.value, frozen_checkout());
}

TEST(RestContract, approve) {
  const auto answer = exchange("approve", [](const auto& client, const auto& context) {
    return client.approve(kCheckoutId, "user", {"key-approve"}, context);
  });
  Checkout expected = frozen_checkout();
  expected.status = "approved";
  expected.approved_by = "user";
  expected.approved_at = "2026-11-23T09:00:01.500000Z";
  EXPECT_EQ(answer.value, expected);
}

TEST(RestContract, confirm) {
  const auto answer = exchange("confirm", [](const auto& client, const auto& context) {
    return client.confirm(kCheckoutId, "test_card", "key-confirm", {"key-confirm"}, context);
  });
  EXPECT_EQ(answer.value, (Confirmation{.checkout_id = kCheckoutId,
                                        .merchant_order_id = "ORD-20261123090002-0A1B2C3D",
                                        .order_id = kOrderId,
                                        .status = "confirmed",
                                        .total = usd(6800),
                                        .confirmed_at = "2026-11-23T09:00:02Z"}));
}

TEST(RestContract, list_orders) {
  const auto answer = exchange("list_orders", [](const auto& client, const auto& context) {
    return client.list_orders(
        {.page = 2, .page_size = 1, .status = "pending", .merchant_id = "merchant a&b"}, context);
  });
  EXPECT_EQ(answer.value, (Page<OrderSummary>{2,
                                              2,
                                              1,
                                              false,
                                              {{.id = kOrderId,
                                                .merchant_id = "merchant a&b",
                                                .merchant_order_id = "ORD-20261123090002-0A1B2C3D",
                                                .status = "pending",
                                                .total = usd(6396),
                                                .item_count = 2,
                                                .customer_email = "customer@example.com",
                                                .created_at = "2026-11-23T09:00:02.500000Z"}}}));
}

TEST(RestContract, get_order) {
  const auto answer = exchange("get_order", [](const auto& client, const auto& context) {
    return client.get_order(kOrderId, context);
  });
  EXPECT_EQ(answer.value, lamp_order("pending"));
}

TEST(RestContract, cancel_order) {
  const auto answer = exchange("cancel_order", [](const auto& client, const auto& context) {
    return client.cancel_order(kOrderId, "found a \"better\" one", "customer", context);
  });
  Order expected = lamp_order("cancelled");
  expected.cancelled_reason = "found a \"better\" one";
  expected.cancelled_by = "customer";
  expected.cancelled_at = "2026-11-23T09:05:00Z";
  EXPECT_EQ(answer.value, expected);
}

TEST(RestContract, refund_order_in_full) {
  const auto answer = exchange("refund_order_full", [](const auto& client, const auto& context) {
    return client.refund_order(kOrderId, std::nullopt, "", context);
  });
  Order expected = lamp_order("refunded");
  expected.refund_amount = usd(6396);
  expected.refund_reason = "";
  expected.refunded_at = "2026-11-23T09:06:00Z";
  EXPECT_EQ(answer.value, expected);
}

TEST(RestContract, refund_order_in_part) {
  const auto answer = exchange("refund_order_part", [](const auto& client, const auto& context) {
    return client.refund_order(kOrderId, 1000, "scratched", context);
  });
  Order expected = lamp_order("refunded");
  expected.refund_amount = usd(1000);
  expected.refund_reason = "scratched";
  expected.refunded_at = "2026-11-23T09:06:00Z";
  EXPECT_EQ(answer.value, expected);
}

TEST(RestContract, simulate_advance) {
  const auto answer = exchange("simulate_advance", [](const auto& client, const auto& context) {
    return client.simulate_advance(kOrderId, 2, context);
  });
  Order expected = lamp_order("shipped");
  expected.tracking_number = "SIM0A1B2C3D";
  expected.carrier = "SimCarrier";
  expected.confirmed_at = "2026-11-23T09:07:00Z";
  expected.shipped_at = "2026-11-23T09:07:00.000001Z";
  EXPECT_EQ(answer.value, expected);
}

}  // namespace
}  // namespace cartpilot::commerce
