// Webhooks: received with every check, and really sent.
#include <gmock/gmock.h>

#include "sandbox/service/webhook_sender.h"
#include "unit/sandbox/shopper.h"
#include "unit/sandbox/webhook_receiver.h"

namespace cartpilot::sandbox {
namespace {

using testing::ElementsAre;

constexpr const char* kSecret = "dev-webhook-secret-change-in-production";

Json event(const std::string& id, const std::string& type, Json data) {
  return {{"event_id", id},
          {"event_type", type},
          {"merchant_id", "merchant-a"},
          {"timestamp", "2026-11-23T00:00:00Z"},
          {"data", std::move(data)},
          {"ucp_version", "1.0.0"}};
}

// RFC 4231, test case 2.
TEST(WebhookSignature, is_an_hmac_sha256) {
  EXPECT_EQ(webhook_signature("Jefe", "what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

class Webhook : public ShopTest {
 protected:
  Json send(const Json& body) { return shopper_.post("/webhooks/merchant", body).json(); }
  Json order_event(const std::string& id, const std::string& type, const std::string& order_id,
                   Json data = Json::object()) {
    data["merchant_order_id"] = shopper_.get("/orders/" + order_id).json().at("merchant_order_id");
    return send(event(id, type, std::move(data)));
  }
};

TEST_F(Webhook, needs_no_api_key_but_a_right_signature_if_any) {
  SandboxServer server({});
  RawHttp http(server.port());
  const std::string body = dump_json(event("e1", "stock.changed", Json::object()));
  const std::string processed = R"({"success":true,"event_id":"e1","status":"processed",)"
                                R"("message":"Event processed successfully"})";
  const HttpHeaders signed_headers = {{"Content-Type", "application/json"},
                                      {"X-Merchant-Id", "merchant-a"},
                                      {"X-Event-Id", "e1"},
                                      {"X-Merchant-Signature", webhook_signature(kSecret, body)}};
  EXPECT_EQ(http.send("POST", "/webhooks/merchant", signed_headers, body).body, processed);
  const Answer wrong = http.send("POST", "/webhooks/merchant", signed_headers, body + " ");
  EXPECT_EQ(wrong.status, 401);
  // A weak spot of the service: no signature passes.
  const Answer unsigned_one =
      http.send("POST", "/webhooks/merchant", {{"Content-Type", "application/json"}}, body);
  EXPECT_EQ(unsigned_one.body, R"({"success":true,"event_id":"e1","status":"duplicate",)"
                               R"("message":"Event already processed"})");
}

TEST_F(Webhook, is_checked_for_form_then_sender_then_signature_then_type) {
  const HttpHeaders wrong = {{"X-Merchant-Id", "merchant-b"}, {"X-Merchant-Signature", "no"}};
  EXPECT_EQ(shopper_.post("/webhooks/merchant", Json::object(), wrong).status, 422);
  EXPECT_EQ(shopper_.post("/webhooks/merchant", event("e", "odd", Json::object()), wrong).status,
            400);
  EXPECT_EQ(shopper_
                .post("/webhooks/merchant", event("e", "odd", Json::object()),
                      {{"X-Merchant-Signature", "no"}})
                .status,
            401);
  EXPECT_EQ(dump_json(send(event("e", "odd", Json::object()))),
            R"({"success":true,"event_id":"e","status":"ignored",)"
            R"("message":"Unknown event type: odd"})");
  EXPECT_EQ(shopper_.get("/webhooks/events/e?merchant_id=merchant-a").status, 404);
}

TEST_F(Webhook, is_recorded_with_the_hash_of_its_contents) {
  TimedSandbox sandbox;
  Shopper shopper(sandbox.port());
  shopper.post("/webhooks/merchant", event("e1", "checkout.confirmed", {{"checkout_id", "c"}}),
               {{"X-Request-ID", "r1"}});
  EXPECT_EQ(shopper.get("/webhooks/events/e1?merchant_id=merchant-a").body,
            R"({"event_id":"e1","merchant_id":"merchant-a","event_type":"checkout.confirmed",)"
            R"("payload_hash":)"
            R"("5af8c13edb70066c3af4bacff23cc1149545cee2a5a283579a48e199ff9cfa8f",)"
            R"("payload":{"checkout_id":"c"},"received_at":"2026-11-23T00:00:00.000001Z",)"
            R"("processed_at":"2026-11-23T00:00:00.000002Z","status":"processed",)"
            R"("error_message":null,"correlation_id":"r1"})");
  EXPECT_EQ(shopper.get("/webhooks/events/e1?merchant_id=merchant-b").status, 404);
  EXPECT_EQ(RawHttp(sandbox.port()).send("GET", "/webhooks/events/e1", {}).status, 401);
}

TEST_F(Webhook, is_deduplicated_by_merchant_and_id_whatever_it_says) {
  EXPECT_EQ(send(event("e", "price.changed", {{"n", 1}})).at("status"), "processed");
  EXPECT_EQ(send(event("e", "stock.changed", {{"n", 2}})).at("status"), "duplicate");
  Json other = event("e", "price.changed", Json::object());
  other["merchant_id"] = "merchant-b";
  EXPECT_EQ(send(other).at("status"), "processed");
  EXPECT_EQ(shopper_.get("/webhooks/events/e?merchant_id=merchant-a").json().at("payload"),
            Json({{"n", 1}}));
}

TEST_F(Webhook, moves_an_order_along_its_way) {
  const std::string id = shopper_.order("merchant-a", kEarbudsA);
  order_event("e1", "order.confirmed", id);
  order_event("e2", "order.shipped", id, {{"tracking_number", "T1"}});
  order_event("e3", "order.delivered", id);
  order_event("e4", "order.refunded", id, {{"refund_amount_cents", 500}});
  const Json order = shopper_.get("/orders/" + id).json();
  Json steps = Json::array();
  for (const Json& step : order.at("status_history")) {
    steps.push_back(
        {step.at("to_status"), step.at("reason"), step.at("actor"), step.at("metadata")});
  }
  EXPECT_EQ(dump_json(steps),
            R"([["pending","Order created from checkout","system",null],)"
            R"(["confirmed",null,"merchant_webhook",null],)"
            R"(["shipped",null,"merchant_webhook",{"tracking_number":"T1","carrier":null}],)"
            R"(["delivered",null,"merchant_webhook",null],)"
            R"(["refunded","Refunded by merchant","merchant",{"refund_amount_cents":500}]])");
  EXPECT_EQ(order.at("tracking_number"), "T1");
  EXPECT_EQ(order.at("refund_amount"), Json({{"amount", 500}, {"currency", "USD"}}));
  for (const char* at : {"confirmed_at", "shipped_at", "delivered_at", "refunded_at"}) {
    EXPECT_TRUE(order.at(at).is_string()) << at;
  }
}

TEST_F(Webhook, cancels_an_order_in_the_merchants_words_or_its_own) {
  const std::string silent = shopper_.order("merchant-a", kEarbudsA);
  const std::string told = shopper_.order("merchant-a", kEarbudsA);
  order_event("e1", "order.cancelled", silent);
  order_event("e2", "order.cancelled", told, {{"reason", "burnt down"}});
  const Json order = shopper_.get("/orders/" + silent).json();
  EXPECT_EQ(order.at("cancelled_reason"), "Cancelled by merchant");
  EXPECT_EQ(order.at("cancelled_by"), "merchant");
  EXPECT_EQ(order.at("status_history").back().at("actor"), "merchant");
  EXPECT_EQ(shopper_.get("/orders/" + told).json().at("cancelled_reason"), "burnt down");
}

// A weak spot of the service: what comes out of order is lost without a word.
TEST_F(Webhook, out_of_order_is_reported_as_processed_and_lost) {
  const std::string id = shopper_.order("merchant-a", kEarbudsA);
  const std::string before = shopper_.get("/orders/" + id).body;
  EXPECT_EQ(order_event("e1", "order.delivered", id).at("status"), "processed");
  EXPECT_EQ(shopper_.get("/orders/" + id).body, before);
  order_event("e2", "order.confirmed", id);
  EXPECT_EQ(order_event("e1", "order.delivered", id).at("status"), "duplicate");
  EXPECT_EQ(shopper_.get("/orders/" + id).json().at("status"), "confirmed");
}

TEST_F(Webhook, about_an_unknown_order_is_processed_and_a_broken_one_failed) {
  EXPECT_EQ(send(event("e1", "order.shipped", {{"merchant_order_id", "?"}})).at("status"),
            "processed");
  const Json failed = send(event("e2", "order.refunded", {{"refund_amount_cents", "all of it"}}));
  EXPECT_EQ(failed.at("success"), false);
  EXPECT_EQ(failed.at("status"), "failed");
  const Json stored = shopper_.get("/webhooks/events/e2?merchant_id=merchant-a").json();
  EXPECT_EQ(stored.at("status"), "failed");
  EXPECT_EQ(stored.at("error_message"), failed.at("message"));
}

TEST(WebhookSending, a_purchase_sends_three_signed_events) {
  WebhookReceiver receiver;
  SandboxServer::Options options;
  options.webhook_url = receiver.url();
  SandboxServer server(options);
  Shopper shopper(server.port());
  const std::string id = shopper.approved("merchant-a", kEarbudsA);
  shopper.act(id, "confirm");
  const Json checkout = shopper.get("/checkouts/" + id).json();

  const std::vector<Request> received = receiver.wait_for(3);
  ASSERT_EQ(received.size(), 3U);
  std::vector<std::string> types;
  for (const Request& request : received) {
    EXPECT_EQ(request.target, "/hook");
    EXPECT_EQ(request.header("Content-Type"), "application/json");
    EXPECT_EQ(request.header("X-Merchant-Id"), "merchant-a");
    EXPECT_EQ(request.header("X-Merchant-Signature"), webhook_signature(kSecret, request.body));
    EXPECT_EQ(request.header("X-Is-Retry"), "");
    const Json body = parse_json(request.body);
    EXPECT_EQ(request.header("X-Event-Id"), body.at("event_id"));
    EXPECT_EQ(body.at("data").at("checkout_id"), checkout.at("merchant_checkout_id"));
    types.push_back(body.at("event_type"));
  }
  EXPECT_THAT(types, ElementsAre("checkout.quoted", "checkout.confirmed", "order.created"));
  Json quoted = parse_json(received[0].body);
  quoted["event_id"] = "";
  quoted["timestamp"] = "";
  EXPECT_EQ(dump_json(quoted), dump_json({{"event_id", ""},
                                          {"event_type", "checkout.quoted"},
                                          {"merchant_id", "merchant-a"},
                                          {"timestamp", ""},
                                          {"data",
                                           {{"checkout_id", checkout.at("merchant_checkout_id")},
                                            {"total", 8638},
                                            {"currency", "USD"},
                                            {"receipt_hash", checkout.at("receipt_hash")}}},
                                          {"ucp_version", "1.0.0"}}));
  const Json created = parse_json(received[2].body).at("data");
  EXPECT_EQ(created.at("merchant_order_id"), checkout.at("merchant_order_id"));
  EXPECT_EQ(dump_json(created.at("items")),
            R"([{"product_id":"a771c475644349d36b508123c16b1284","variant_id":null,)"
            R"("sku":"HEA-0200-000","title":"Fabrikam Wireless Classic Earbuds","quantity":1,)"
            R"("unit_price":7999}])");
}

TEST(WebhookSending, goes_on_when_nobody_listens) {
  SandboxServer::Options options;
  options.webhook_url = "http://127.0.0.1:1/nobody";
  SandboxServer server(options);
  Shopper shopper(server.port());
  const std::string target = "/orders/" + shopper.order("merchant-a", kEarbudsA);
  EXPECT_EQ(shopper.get(target).json().at("status"), "pending");
  EXPECT_EQ(shopper.post(target + "/cancel", {{"reason", "r"}}).json().at("status"), "cancelled");
}

TEST(WebhookSending, stays_on_this_machine) {
  for (const char* url : {"http://example.org/hook", "https://127.0.0.1/hook", "nonsense"}) {
    SandboxServer::Options options;
    options.webhook_url = url;
    EXPECT_THROW(SandboxServer server(options), Error) << url;
  }
}

}  // namespace
}  // namespace cartpilot::sandbox
