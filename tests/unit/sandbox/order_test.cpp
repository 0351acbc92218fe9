// What becomes of an order, and how orders are listed.
#include <gmock/gmock.h>

#include "unit/sandbox/shopper.h"

namespace cartpilot::sandbox {
namespace {

using testing::MatchesRegex;

std::vector<std::string> ids(const Json& page) {
  std::vector<std::string> list;
  for (const Json& item : page.at("items")) list.push_back(item.at("id"));
  return list;
}

class OrderApi : public ShopTest {};

TEST_F(OrderApi, starts_pending_with_every_member_in_order) {
  TimedSandbox sandbox;
  Shopper shopper(sandbox.port());
  Json order = shopper.get("/orders/" + shopper.order("merchant-a", kEarbudsA, 2)).json();
  EXPECT_THAT(order.at("merchant_order_id").get<std::string>(),
              MatchesRegex("ORD-20261123000000-[0-9A-F]{8}"));
  const std::string created_at = order.at("created_at");
  EXPECT_EQ(order.at("updated_at"), created_at);
  EXPECT_EQ(order.at("status_history").at(0).at("created_at"),
            created_at.substr(0, created_at.size() - 1) + "+00:00");
  for (const char* name : {"id", "checkout_id", "merchant_order_id", "created_at", "updated_at"}) {
    order[name] = "";
  }
  order["status_history"][0]["created_at"] = "";
  const std::string address =
      R"({"line1":"123 Test Street","line2":null,"city":"Test City","state":"CA","postal_code":"12345","country":"US"})";
  EXPECT_EQ(
      dump_json(order),
      R"({"id":"","checkout_id":"","merchant_id":"merchant-a","merchant_order_id":"","status":"pending",)"
      R"("customer":{"email":"customer@example.com","name":"Test Customer","phone":null},)"
      R"("shipping_address":)" +
          address + R"(,"billing_address":)" + address +
          R"(,"items":[{"product_id":"a771c475644349d36b508123c16b1284","variant_id":null,"sku":"HEA-0200-000",)"
          R"("title":"Fabrikam Wireless Classic Earbuds","quantity":2,"unit_price":{"amount":7999,"currency":"USD"},)"
          R"("line_total":{"amount":15998,"currency":"USD"}}],"subtotal":{"amount":15998,"currency":"USD"},)"
          R"("tax":{"amount":1279,"currency":"USD"},"shipping":{"amount":0,"currency":"USD"},)"
          R"("total":{"amount":17277,"currency":"USD"},"tracking_number":null,"carrier":null,)"
          R"("cancelled_reason":null,"cancelled_by":null,"refund_amount":null,"refund_reason":null,)"
          R"("status_history":[{"from_status":null,"to_status":"pending","reason":"Order created from checkout",)"
          R"("actor":"system","metadata":null,"created_at":""}],"created_at":"","updated_at":"",)"
          R"("confirmed_at":null,"shipped_at":null,"delivered_at":null,"cancelled_at":null,"refunded_at":null})");
}

TEST_F(OrderApi, advances_to_delivered_and_no_further) {
  const std::string target = "/orders/" + shopper_.order("merchant-a", kEarbudsA);
  EXPECT_EQ(shopper_.post(target + "/simulate-advance", Json::object()).json().at("status"),
            "confirmed");
  const Json delivered = shopper_.post(target + "/simulate-advance", {{"steps", 3}}).json();
  EXPECT_EQ(delivered.at("status"), "delivered");
  EXPECT_EQ(delivered.at("status_history").size(), 4U);
  EXPECT_THAT(delivered.at("tracking_number").get<std::string>(), MatchesRegex("SIM[0-9A-F]{8}"));
  const Json& shipped = delivered.at("status_history").at(2);
  EXPECT_EQ(shipped.at("metadata"), Json({{"tracking_number", delivered.at("tracking_number")},
                                          {"carrier", "SimCarrier"}}));
  EXPECT_EQ(shipped.at("actor"), "simulate_time");
  EXPECT_EQ(shipped.at("reason"), nullptr);
  for (const char* name : {"confirmed_at", "shipped_at", "delivered_at"}) {
    EXPECT_TRUE(delivered.at(name).is_string()) << name;
  }
  const Answer again = shopper_.post(target + "/simulate-advance", {{"steps", 1}});
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.json(), delivered);
}

TEST_F(OrderApi, is_refunded_once_after_delivery) {
  const std::string target = "/orders/" + shopper_.order("merchant-a", kEarbudsA);
  shopper_.post(target + "/simulate-advance", {{"steps", 3}});
  const Json refunded = shopper_.post(target + "/refund", Json::object()).json();
  EXPECT_EQ(refunded.at("status"), "refunded");
  EXPECT_EQ(refunded.at("refund_amount").at("amount"), 8638);
  EXPECT_EQ(refunded.at("refund_reason"), "");
  const Json& event = refunded.at("status_history").back();
  EXPECT_EQ(event.at("metadata"), Json({{"refund_amount_cents", 8638}}));
  EXPECT_EQ(event.at("actor"), "system");
  EXPECT_EQ(shopper_.post(target + "/refund", Json::object()).status, 400);
}

TEST_F(OrderApi, takes_any_refund_amount_as_the_service_does) {
  for (const auto& [cents, shown] :
       {std::pair<std::int64_t, Json>(-5, {{"amount", -5}, {"currency", "USD"}}),
        {0, nullptr},
        {999'999'999, {{"amount", 999'999'999}, {"currency", "USD"}}}}) {
    const std::string target = "/orders/" + shopper_.order("merchant-a", kEarbudsA);
    shopper_.post(target + "/simulate-advance", {{"steps", 3}});
    EXPECT_EQ(shopper_.post(target + "/refund", {{"refund_amount_cents", cents}})
                  .json()
                  .at("refund_amount"),
              shown);
  }
}

TEST_F(OrderApi, is_cancelled_with_a_reason_and_then_final) {
  const std::string target = "/orders/" + shopper_.order("merchant-a", kEarbudsA);
  EXPECT_EQ(shopper_.post(target + "/cancel", Json::object()).status, 422);
  const Json cancelled = shopper_.post(target + "/cancel", {{"reason", "wrong colour"}}).json();
  EXPECT_EQ(cancelled.at("status"), "cancelled");
  EXPECT_EQ(cancelled.at("cancelled_reason"), "wrong colour");
  EXPECT_EQ(cancelled.at("cancelled_by"), "customer");
  EXPECT_EQ(cancelled.at("status_history").back().at("actor"), "customer");
  const Answer advanced = shopper_.post(target + "/simulate-advance", {{"steps", 3}});
  EXPECT_EQ(advanced.json(), cancelled);
}

class Orders : public ShopTest {};

TEST_F(Orders, are_listed_newest_first_with_pieces_counted) {
  const std::string first = shopper_.order("merchant-a", kEarbudsA, 3);
  const std::string second = shopper_.order("merchant-b", kHeadphonesB);
  const Json page = shopper_.get("/orders").json();
  EXPECT_THAT(ids(page), testing::ElementsAre(second, first));
  const Json order = shopper_.get("/orders/" + first).json();
  EXPECT_EQ(dump_json(page.at("items").at(1)),
            dump_json({{"id", first},
                       {"merchant_id", "merchant-a"},
                       {"merchant_order_id", order.at("merchant_order_id")},
                       {"status", "pending"},
                       {"total", order.at("total")},
                       {"item_count", 3},
                       {"customer_email", "customer@example.com"},
                       {"created_at", order.at("created_at")}}));
}

TEST_F(Orders, are_filtered_by_known_states_and_any_merchant_name) {
  const std::string pending = shopper_.order("merchant-a", kEarbudsA);
  const std::string cancelled = shopper_.order("merchant-b", kHeadphonesB);
  shopper_.post("/orders/" + cancelled + "/cancel", {{"reason", "r"}});
  const auto listed = [&](const std::string& query) {
    return ids(shopper_.get("/orders?" + query).json());
  };
  using List = std::vector<std::string>;
  EXPECT_EQ(listed("status=cancelled"), List{cancelled});
  EXPECT_EQ(listed("status=returned"), List{});
  EXPECT_EQ(listed("status=CANCELLED"), (List{cancelled, pending}));
  EXPECT_EQ(listed("status="), (List{cancelled, pending}));
  EXPECT_EQ(listed("merchant_id=merchant-a"), List{pending});
  EXPECT_EQ(listed("merchant_id=nobody"), List{});
  EXPECT_EQ(listed("merchant_id=merchant-b&status=pending"), List{});
}

TEST_F(Orders, are_paged_to_the_exact_end) {
  for (int i = 0; i < 4; ++i) shopper_.order("merchant-a", kEarbudsA);
  const Json second = shopper_.get("/orders?page=2&page_size=2").json();
  EXPECT_EQ(second.at("total"), 4);
  EXPECT_EQ(second.at("has_more"), false);
  EXPECT_EQ(second.at("items").size(), 2U);
  EXPECT_EQ(shopper_.get("/orders?page=1&page_size=3").json().at("has_more"), true);
  EXPECT_EQ(shopper_.get("/orders?page=9223372036854775807").json().at("items").size(), 0U);
}

}  // namespace
}  // namespace cartpilot::sandbox
