// The program's own client against the sandbox: every endpoint, typed, over real HTTP.
#include <gmock/gmock.h>

#include "commerce/client.h"
#include "commerce/tools.h"
#include "net/http_client.h"
#include "sandbox/merchant/merchant.h"
#include "unit/sandbox/shopper.h"

namespace cartpilot::sandbox {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct Buyer {
  std::atomic<std::int64_t> now{1'795'392'000'000'000};
  SandboxServer server{[this] {
    SandboxServer::Options options;
    options.clock = [this] { return ++now; };
    return options;
  }()};
  net::HttpClient http{net::HttpClientOptions{}};
  commerce::CartPilotClient client{
      {.base_url = server.url(), .api_key = kKey, .session_id = "conv-1"}, http};
  CallContext context;

  commerce::Offer offer(const std::string& merchant_id, const std::string& wish = "headphones") {
    const auto intent = client.create_intent(wish, std::nullopt, {}, context).value;
    const auto page = client.get_intent_offers(intent.id, 1, 20, context).value;
    EXPECT_EQ(page.intent_id, intent.id);
    for (const commerce::Offer& one : page.items) {
      if (one.merchant_id == merchant_id) return one;
    }
    return {};
  }

  std::string approved(const std::string& merchant_id, const std::string& product) {
    const std::vector<commerce::ItemRequest> items = {{.product_id = product}};
    const std::string id =
        client.create_checkout(offer(merchant_id).id, items, "", {}, context).value.id;
    client.quote(id, items, std::nullopt, {}, context);
    client.request_approval(id, {}, context);
    client.approve(id, "ann", {}, context);
    return id;
  }

  template <typename Call>
  commerce::CartPilotError failure_of(Call call) {
    try {
      call();
    } catch (const commerce::CartPilotError& error) {
      return error;
    }
    ADD_FAILURE() << "the call did not fail";
    return {ErrorCode::kOk, ""};
  }
};

TEST(Client, reads_every_answer_of_a_purchase) {
  Buyer buyer;
  EXPECT_EQ(buyer.client.health(buyer.context).value,
            (commerce::Health{"healthy", "cartpilot-api", "0.1.0"}));
  EXPECT_EQ(buyer.client.ready(buyer.context).value, commerce::Health{"ready"});
  EXPECT_EQ(buyer.client.merchants(buyer.context).value.size(), 2U);
  const commerce::Offer offer = buyer.offer("merchant-a");
  EXPECT_EQ(buyer.client.get_offer(offer.id, buyer.context).value, offer);
  EXPECT_EQ(buyer.client.get_intent(offer.intent_id, buyer.context).value.session_id, "conv-1");

  const std::string id = buyer.approved("merchant-a", kEarbudsA);
  const auto sold = buyer.client.confirm(id, "test_card", "", {}, buyer.context).value;
  const commerce::Checkout checkout = buyer.client.get_checkout(id, buyer.context).value;
  EXPECT_EQ(checkout.confirmed_at, sold.confirmed_at);
  EXPECT_TRUE(checkout.approved_at.has_value());
  std::vector<std::string> actions;
  for (const commerce::AuditEntry& entry : checkout.audit_trail) actions.push_back(entry.action);
  EXPECT_THAT(actions, testing::ElementsAre("checkout_created", "quote_received",
                                            "approval_requested", "approved", "confirmed"));
  EXPECT_EQ(checkout.audit_trail.at(3).actor, "ann");

  const std::string order_id = sold.order_id.value_or("");
  buyer.client.simulate_advance(order_id, 3, buyer.context);
  const commerce::Order order =
      buyer.client.refund_order(order_id, 500, "scratched", buyer.context).value;
  EXPECT_EQ(order, buyer.client.get_order(order_id, buyer.context).value);
  EXPECT_EQ(order.status, "refunded");
  EXPECT_EQ(order.refund_amount, (commerce::Money{500, "USD"}));
  EXPECT_EQ(order.refund_reason, "scratched");
  ASSERT_TRUE(order.customer && order.shipping_address && order.billing_address);
  EXPECT_EQ(order.customer->email, "customer@example.com");
  EXPECT_EQ(order.shipping_address->line1, "123 Test Street");
  ASSERT_EQ(order.status_history.size(), 5U);
  EXPECT_EQ(order.status_history[2].metadata.at("carrier"), "SimCarrier");
  EXPECT_TRUE(order.delivered_at && order.refunded_at && !order.cancelled_at);
  EXPECT_EQ(buyer.client.list_orders({.status = "refunded"}, buyer.context).value.total, 1);
}

TEST(Client, reads_a_webhook_event) {
  Buyer buyer;
  Shopper(buyer.server.port())
      .post("/webhooks/merchant", {{"event_id", "e1"},
                                   {"event_type", "price.changed"},
                                   {"merchant_id", "merchant-a"},
                                   {"timestamp", 0},
                                   {"data", {{"n", 1}}}});
  const auto event = buyer.client.get_webhook_event("e1", "merchant-a", buyer.context).value;
  EXPECT_EQ(event.event_type, "price.changed");
  EXPECT_EQ(event.payload, Json({{"n", 1}}));
  EXPECT_EQ(event.status, "processed");
  EXPECT_EQ(
      buyer.failure_of([&] { buyer.client.get_webhook_event("e2", "merchant-a", buyer.context); })
          .error_code,
      "EVENT_NOT_FOUND");
}

TEST(Client, tells_a_person_what_the_merchant_said_and_which_request_it_was) {
  Buyer buyer;
  const std::string id = buyer.approved("merchant-b", kHeadphonesB);
  buyer.server.empty_stock("merchant-b", kHeadphonesB);
  const auto confirm = [&] { buyer.client.confirm(id, "card", "", {}, buyer.context); };
  const commerce::CartPilotError sold_out = buyer.failure_of(confirm);
  EXPECT_EQ(sold_out.merchant_code, "OUT_OF_STOCK");
  EXPECT_THAT(
      commerce::described(sold_out),
      AllOf(HasSubstr("Items out of stock: e96a6ebc"), HasSubstr("the merchant said OUT_OF_STOCK"),
            HasSubstr("[request " + sold_out.request_id + "]")));
  EXPECT_EQ(buyer.failure_of(confirm).merchant_code, "INVALID_STATE");
}

TEST(Client, recognises_a_changed_price) {
  Buyer buyer;
  const std::string id = buyer.approved("merchant-b", kHeadphonesB);
  buyer.server.change_price("merchant-b", kHeadphonesB, 15408);
  const commerce::CartPilotError error =
      buyer.failure_of([&] { buyer.client.confirm(id, "card", "", {}, buyer.context); });
  EXPECT_EQ(error.error_code, "REAPPROVAL_REQUIRED");
  EXPECT_EQ(error.merchant_code, "PRICE_CHANGED");
}

// One whose checks were as loose as the service's would see the 422 itself.
TEST(Client, names_the_field_that_the_service_would_refuse) {
  Buyer buyer;
  commerce::CartPilotTools tools(buyer.client);
  const ToolOutcome outcome = tools.call(
      "quote_checkout",
      {{"checkout_id", "c"}, {"items", Json::array({{{"product_id", "p"}, {"quantity", 0}}})}},
      buyer.context);
  EXPECT_FALSE(outcome.ok);
  EXPECT_THAT(string_or(outcome.content, "message"), HasSubstr("items[0].quantity"));
}

TEST(Client, makes_a_new_intent_once_when_an_outage_left_one_empty) {
  Buyer buyer;
  commerce::CartPilotTools tools(buyer.client);
  for (const char* merchant : {"merchant-a", "merchant-b"}) {
    buyer.server.set_merchant_state(merchant, MerchantState::kUnreachable);
  }
  const std::string stale =
      buyer.client.create_intent("headphones", std::nullopt, {}, buyer.context).value.id;
  EXPECT_EQ(buyer.client.get_intent_offers(stale, 1, 20, buyer.context).value.total, 0);
  for (const char* merchant : {"merchant-a", "merchant-b"}) {
    buyer.server.set_merchant_state(merchant, MerchantState::kUp);
  }
  const Json first = tools.call("get_intent_offers", {{"intent_id", stale}}, buyer.context).content;
  EXPECT_EQ(first.at("total"), 2);
  EXPECT_NE(first.at("intent_id"), stale);
  EXPECT_EQ(tools.call("get_intent_offers", {{"intent_id", stale}}, buyer.context).content, first);
}

}  // namespace
}  // namespace cartpilot::sandbox
