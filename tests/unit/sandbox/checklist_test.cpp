// What any stand-in for the service must do, in eleven lines, one test each; docs/sandbox.md lists
// them.
#include <gmock/gmock.h>

#include "unit/sandbox/shopper.h"

namespace cartpilot::sandbox {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

std::string code(const Answer& answer) { return string_or(answer.json(), "error_code"); }
std::string message(const Answer& answer) { return string_or(answer.json(), "message"); }

struct Shop {
  SandboxServer server{{}};
  Shopper shopper{server.port()};

  Answer create(const Json& items) {
    return shopper.post("/checkouts",
                        {{"offer_id", shopper.offer("merchant-a")}, {"items", items}});
  }
};

Json items(const Json& quantity) {
  return Json::array({{{"product_id", kEarbudsA}, {"quantity", quantity}}});
}

TEST(Checklist, keys_and_request_ids) {
  Shop shop;
  RawHttp http(shop.server.port());
  const Answer refused = http.send("GET", "/orders", {{"X-Request-ID", "r"}});
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.header("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(refused.header("X-Request-ID"), "r");
  EXPECT_EQ(
      dump_json(refused.json()),
      R"({"error_code":"UNAUTHORIZED","message":"Missing Authorization header","details":[]})");
  const Answer missing = shop.shopper.get("/orders/none");
  EXPECT_EQ(missing.json().at("details"), Json::array());
  EXPECT_EQ(missing.json().at("request_id"), missing.header("X-Request-ID"));
}

TEST(Checklist, every_broken_body_or_query_is_a_422) {
  Shop shop;
  Shopper& shopper = shop.shopper;
  EXPECT_EQ(shopper.post("/intents", {{"query", ""}}).status, 422);
  EXPECT_EQ(shopper.post_text("/intents", "").status, 422);
  for (const Json& quantity : {Json(0), Json(2.5), Json("abc"), Json()}) {
    EXPECT_EQ(shop.create(items(quantity)).status, 422) << quantity;
  }
  EXPECT_EQ(shop.create(Json::array()).status, 422);
  EXPECT_EQ(shopper.get("/orders?page=0").status, 422);
  EXPECT_EQ(shopper.get("/orders?page_size=101").status, 422);
  for (const int steps : {0, 4}) {
    EXPECT_EQ(shopper.post("/orders/o/simulate-advance", {{"steps", steps}}).status, 422) << steps;
  }
  EXPECT_EQ(shopper.post("/checkouts/c/approve", {{"approved_by", nullptr}}).status, 422);
}

TEST(Checklist, creation_answers_201_and_the_rest_200) {
  Shop shop;
  EXPECT_EQ(shop.shopper.post("/intents", {{"query", "a"}}).status, 201);
  const Answer created = shop.create(items(1));
  EXPECT_EQ(created.status, 201);
  const Json checkout = created.json();
  EXPECT_EQ(checkout.at("items"), Json::array());
  for (const char* price : {"subtotal", "tax", "shipping", "total"}) {
    EXPECT_EQ(checkout.at(price), nullptr) << price;
  }
  const std::string id = checkout.at("id");
  EXPECT_EQ(shop.shopper.get("/checkouts/" + id).status, 200);
  EXPECT_EQ(shop.shopper.quote(id, kEarbudsA).status, 200);
}

TEST(Checklist, the_known_purchase_has_the_known_totals_and_hash) {
  Shop shop;
  const std::string id = shop.shopper.checkout("merchant-a");
  shop.shopper.quote(id, kEarbudsA);
  const Json checkout = shop.shopper.act(id, "request-approval").json();
  EXPECT_EQ(checkout.at("subtotal").at("amount"), 7999);
  EXPECT_EQ(checkout.at("tax").at("amount"), 639);
  EXPECT_EQ(checkout.at("shipping").at("amount"), 0);
  EXPECT_EQ(checkout.at("total").at("amount"), 8638);
  EXPECT_EQ(checkout.at("frozen_receipt").at("hash"), "150a5ae16e1d1447");
}

TEST(Checklist, repeats_a_quote_and_an_approval_are_errors_a_confirmation_is_not) {
  Shop shop;
  const std::string id = shop.shopper.checkout("merchant-a");
  shop.shopper.quote(id, kEarbudsA);
  EXPECT_EQ(code(shop.shopper.quote(id, kEarbudsA)), "QUOTE_FAILED");
  shop.shopper.act(id, "request-approval");
  shop.shopper.act(id, "approve");
  EXPECT_EQ(shop.shopper.act(id, "approve").status, 400);
  const Json first = shop.shopper.act(id, "confirm").json();
  const Answer again = shop.shopper.act(id, "confirm");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.json().at("order_id"), nullptr);
  EXPECT_EQ(again.json().at("merchant_order_id"), first.at("merchant_order_id"));
}

TEST(Checklist, a_price_change_is_a_409_that_changes_nothing_until_the_next_quote) {
  Shop shop;
  const std::string id = shop.shopper.approved("merchant-b", kHeadphonesB);
  const std::string before = shop.shopper.get("/checkouts/" + id).body;
  shop.server.change_price("merchant-b", kHeadphonesB, 15408);
  EXPECT_EQ(shop.shopper.act(id, "confirm").status, 409);
  EXPECT_EQ(shop.shopper.get("/checkouts/" + id).body, before);
  const Json quoted = shop.shopper.quote(id, kHeadphonesB).json();
  EXPECT_EQ(quoted.at("status"), "quoted");
  EXPECT_EQ(quoted.at("frozen_receipt"), nullptr);
  EXPECT_EQ(quoted.at("audit_trail").back().at("action"), "price_changed_reapproval_required");
}

TEST(Checklist, a_sold_out_item_fails_the_merchants_session_for_good) {
  Shop shop;
  const std::string id = shop.shopper.approved("merchant-b", kHeadphonesB);
  shop.server.empty_stock("merchant-b", kHeadphonesB);
  EXPECT_EQ(message(shop.shopper.act(id, "confirm")),
            "[merchant-b] OUT_OF_STOCK: Items out of stock: e96a6ebc");
  EXPECT_THAT(message(shop.shopper.act(id, "confirm")), HasSubstr("INVALID_STATE"));
}

TEST(Checklist, both_kinds_of_key_replay) {
  TimedSandbox sandbox;
  Shopper shopper(sandbox.port());
  const HttpHeaders key = {{"Idempotency-Key", "k"}};
  const Answer first = shopper.post("/intents", {{"query", "a"}}, key);
  const Answer again = shopper.post("/intents", {{"query", "a"}}, key);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.header("X-Idempotent-Replayed"), "true");
  EXPECT_EQ(code(shopper.post("/intents", {{"query", "b"}}, key)), "IDEMPOTENCY_CONFLICT");
  const Json body = {
      {"offer_id", shopper.offer("merchant-a")}, {"items", items(1)}, {"idempotency_key", "b"}};
  const std::string id = shopper.post("/checkouts", body, key).json().at("id");
  EXPECT_EQ(shopper.post("/checkouts", body).json().at("id"), id);
  sandbox.advance_hours(23);
  EXPECT_EQ(shopper.post("/intents", {{"query", "a"}}, key).body, first.body);
  sandbox.advance_hours(2);
  EXPECT_NE(shopper.post("/intents", {{"query", "a"}}, key).body, first.body);
  EXPECT_EQ(shopper.post("/checkouts", body).json().at("id"), id);
}

TEST(Checklist, orders_advance_are_refunded_cancelled_filtered_and_counted) {
  Shop shop;
  const std::string sold = shop.shopper.order("merchant-a", kEarbudsA, 3);
  const std::string target = "/orders/" + sold;
  EXPECT_EQ(shop.shopper.post(target + "/simulate-advance", {{"steps", 3}}).json().at("status"),
            "delivered");
  EXPECT_EQ(shop.shopper.post(target + "/refund", Json::object()).json().at("status"), "refunded");
  const std::string other = "/orders/" + shop.shopper.order("merchant-a", kEarbudsA);
  shop.shopper.post(other + "/cancel", {{"reason", "r"}});
  EXPECT_EQ(code(shop.shopper.post(other + "/refund", Json::object())), "INVALID_TRANSITION");
  EXPECT_EQ(shop.shopper.get("/orders?status=unheard-of").json().at("total"), 2);
  EXPECT_EQ(shop.shopper.get("/orders?status=refunded").json().at("items").at(0).at("item_count"),
            3);
}

TEST(Checklist, webhooks_are_checked_deduplicated_and_looked_up) {
  Shop shop;
  const auto send = [&](const char* id, const char* type, const HttpHeaders& headers) {
    return shop.shopper.post("/webhooks/merchant",
                             {{"event_id", id},
                              {"event_type", type},
                              {"merchant_id", "merchant-a"},
                              {"timestamp", 1795392000},
                              {"data", Json::object()}},
                             headers);
  };
  EXPECT_EQ(send("e", "order.created", {}).json().at("status"), "processed");
  EXPECT_EQ(send("e", "order.created", {}).json().at("status"), "duplicate");
  EXPECT_EQ(send("f", "nothing.known", {}).json().at("status"), "ignored");
  EXPECT_EQ(send("g", "order.created", {{"X-Merchant-Signature", "sha256=0"}}).status, 401);
  EXPECT_EQ(send("g", "order.created", {{"X-Merchant-Id", "merchant-b"}}).status, 400);
  EXPECT_EQ(shop.shopper.get("/webhooks/events/e?merchant_id=merchant-a").status, 200);
  EXPECT_EQ(shop.shopper.get("/webhooks/events/f?merchant_id=merchant-a").status, 404);
  EXPECT_EQ(RawHttp(shop.server.port())
                .send("GET", "/webhooks/events/e?merchant_id=merchant-a", {})
                .status,
            401);
}

TEST(Checklist, two_forms_of_time_one_form_of_json) {
  Shop shop;
  const std::string id = shop.shopper.approved("merchant-a", kEarbudsA);
  const Json checkout = shop.shopper.get("/checkouts/" + id).json();
  EXPECT_THAT(checkout.at("created_at").get<std::string>(),
              MatchesRegex("[0-9-]{10}T[0-9:]{8}(\\.[0-9]{6})?Z"));
  EXPECT_THAT(checkout.at("frozen_receipt").at("frozen_at").get<std::string>(),
              MatchesRegex("[0-9-]{10}T[0-9:]{8}(\\.[0-9]{6})?\\+00:00"));
  const Answer intent =
      shop.shopper.post_text("/intents", R"({ "query" : "K\u00f6nig 🎧", "session_id" : null })");
  EXPECT_THAT(intent.body,
              testing::StartsWith(R"({"id":")" + intent.json().at("id").get<std::string>() +
                                  R"(","query":"König 🎧","session_id":null,"metadata":{},)"));
}

}  // namespace
}  // namespace cartpilot::sandbox
