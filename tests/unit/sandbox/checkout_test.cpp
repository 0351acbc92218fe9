// The way of a checkout: totals, states, receipts, refusals.
#include <gmock/gmock.h>

#include "unit/sandbox/shopper.h"

namespace cartpilot::sandbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string code(const Answer& answer) { return string_or(answer.json(), "error_code"); }
std::string message(const Answer& answer) { return string_or(answer.json(), "message"); }
std::string status(const Answer& answer) { return string_or(answer.json(), "status"); }

Json actions(const Json& checkout) {
  Json list = Json::array();
  for (const Json& entry : checkout.at("audit_trail")) list.push_back(entry.at("action"));
  return list;
}

TEST(Intent, is_shown_with_every_member_in_order) {
  TimedSandbox sandbox;
  Shopper shopper(sandbox.port());
  Json body = shopper.post("/intents", {{"query", "Kopfhörer"}, {"session_id", "s"}}).json();
  body["id"] = "";
  EXPECT_EQ(
      dump_json(body),
      R"({"id":"","query":"Kopfhörer","session_id":"s","metadata":{},"offers_collected":false,)"
      R"("offer_count":0,"created_at":"2026-11-23T00:00:00.000001Z",)"
      R"("updated_at":"2026-11-23T00:00:00.000002Z"})");
}

class Offers : public ShopTest {};

TEST_F(Offers, come_from_both_merchants_with_the_newest_first) {
  TimedSandbox sandbox;
  Shopper shopper(sandbox.port());
  const std::string intent = shopper.intent("wireless headphones under $100");
  Json page = shopper.get("/intents/" + intent + "/offers").json();
  ASSERT_EQ(page.at("items").size(), 2U);
  Json& offer = page.at("items").at(1);
  EXPECT_EQ(page.at("items").at(0).at("merchant_id"), "merchant-b");
  EXPECT_EQ(dump_json(offer.at("items").at(0)),
            R"({"product_id":"a771c475644349d36b508123c16b1284","variant_id":null,)"
            R"("sku":"HEA-0200-000","title":"Fabrikam Wireless Classic Earbuds",)"
            R"("description":"Fabrikam headphones, classic collection.","brand":"Fabrikam",)"
            R"("category_path":"Electronics > Audio > Headphones",)"
            R"("price":{"amount":7999,"currency":"USD"},"quantity_available":105,)"
            R"("image_url":"https://picsum.photos/seed/a771c475/400/400","rating":4.6,)"
            R"("review_count":299})");
  const std::string offer_id = offer.at("id");
  EXPECT_EQ(shopper.get("/offers/" + offer_id).body, dump_json(offer));
  offer["id"] = "";
  offer["items"] = Json::array();
  EXPECT_EQ(
      dump_json(offer),
      R"({"id":"","intent_id":")" + intent +
          R"(","merchant_id":"merchant-a","items":[],"item_count":5,)"
          R"("lowest_price":{"amount":7999,"currency":"USD"},)"
          R"("highest_price":{"amount":24899,"currency":"USD"},)"
          R"("expires_at":"2026-11-23T01:00:00.000004Z","is_expired":false,)"
          R"("metadata":{"merchant_name":"Merchant A","query":"wireless headphones under $100"},)"
          R"("created_at":"2026-11-23T00:00:00.000005Z"})");
}

TEST_F(Offers, are_collected_once_and_counted_in_the_intent) {
  const std::string intent = shopper_.intent("headphones");
  const std::string first = shopper_.get("/intents/" + intent + "/offers").body;
  EXPECT_EQ(shopper_.get("/intents/" + intent + "/offers").body, first);
  const Json collected = shopper_.get("/intents/" + intent).json();
  EXPECT_EQ(collected.at("offers_collected"), true);
  EXPECT_EQ(collected.at("offer_count"), 2);
}

TEST_F(Offers, are_empty_rather_than_missing_when_nothing_fits) {
  const Json page = shopper_.get("/intents/" + shopper_.intent("test order") + "/offers").json();
  ASSERT_EQ(page.at("total"), 2);
  for (const Json& offer : page.at("items")) {
    EXPECT_EQ(offer.at("items"), Json::array());
    EXPECT_EQ(offer.at("lowest_price"), nullptr);
    EXPECT_EQ(offer.at("highest_price"), nullptr);
  }
}

TEST_F(Offers, are_paged) {
  const std::string target = "/intents/" + shopper_.intent("headphones") + "/offers";
  const Json first = shopper_.get(target + "?page=1&page_size=1").json();
  EXPECT_EQ(first.at("has_more"), true);
  EXPECT_EQ(first.at("items").at(0).at("merchant_id"), "merchant-b");
  const Json second = shopper_.get(target + "?page=%202%20&page_size=1.0").json();
  EXPECT_EQ(second.at("has_more"), false);
  EXPECT_EQ(second.at("items").at(0).at("merchant_id"), "merchant-a");
  for (const char* page : {"3", "9223372036854775807"}) {
    EXPECT_EQ(shopper_.get(target + "?page_size=1&page=" + page).json().at("items"), Json::array());
  }
}

TEST_F(Offers, expire_after_an_hour_and_still_open_a_checkout) {
  TimedSandbox sandbox;
  Shopper shopper(sandbox.port());
  const std::string target = "/intents/" + shopper.intent("\"is_expired\":false") + "/offers";
  Json expected = shopper.get(target).json();
  sandbox.advance_hours(2);
  for (Json& offer : expected.at("items")) offer["is_expired"] = true;
  EXPECT_EQ(shopper.get(target).body, dump_json(expected));
  const std::string offer = expected.at("items").at(0).at("id");
  EXPECT_EQ(shopper.get("/offers/" + offer).body, dump_json(expected.at("items").at(0)));
  const Json items = Json::array({{{"product_id", "any"}, {"quantity", 1}}});
  EXPECT_EQ(shopper.post("/checkouts", {{"offer_id", offer}, {"items", items}}).status, 201);
}

class CheckoutApi : public ShopTest {};

TEST_F(CheckoutApi, charges_shipping_below_fifty_dollars) {
  const Json page = shopper_.get("/intents/" + shopper_.intent("books") + "/offers").json();
  const Json& book = page.at("items").at(1).at("items").at(0);
  const std::int64_t price = book.at("price").at("amount");
  ASSERT_LT(price, 5000);
  const Json quoted = shopper_.quote(shopper_.checkout("merchant-a"), book.at("product_id")).json();
  EXPECT_EQ(quoted.at("shipping").at("amount"), 999);
  EXPECT_EQ(quoted.at("tax").at("amount"), price * 8 / 100);
  EXPECT_EQ(quoted.at("total").at("amount"), price + price * 8 / 100 + 999);
}

TEST_F(CheckoutApi, keeps_lines_of_the_same_product_apart) {
  const std::string id = shopper_.checkout("merchant-a");
  const Json line = {{"product_id", kEarbudsA}, {"quantity", 2}};
  const Json items =
      shopper_.post("/checkouts/" + id + "/quote", {{"items", Json::array({line, line})}})
          .json()
          .at("items");
  EXPECT_EQ(items.size(), 2U);
  EXPECT_EQ(items.at(1).at("line_total").at("amount"), 15998);
}

TEST_F(CheckoutApi, a_price_change_at_confirm_leads_back_through_quote_and_approval) {
  const std::string id = shopper_.approved("merchant-b", kHeadphonesB);
  server_.change_price("merchant-b", kHeadphonesB, 15408);

  const Answer refused = shopper_.act(id, "confirm");
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(code(refused), "REAPPROVAL_REQUIRED");
  EXPECT_EQ(message(refused),
            "[merchant-b] PRICE_CHANGED: Price changed: $133.99 -> $154.08, re-quote required");
  EXPECT_EQ(status(shopper_.get("/checkouts/" + id)), "approved");
  EXPECT_EQ(message(shopper_.act(id, "confirm")),
            "[merchant-b] INVALID_STATE: Cannot confirm checkout in state: failed");

  const Json requoted = shopper_.quote(id, kHeadphonesB).json();
  EXPECT_EQ(requoted.at("status"), "quoted");
  EXPECT_EQ(requoted.at("frozen_receipt"), nullptr);
  EXPECT_EQ(requoted.at("approved_by"), "user");
  Json entry = requoted.at("audit_trail").back();
  EXPECT_EQ(entry.at("action"), "price_changed_reapproval_required");
  EXPECT_EQ(entry.at("from_status"), "approved");
  EXPECT_EQ(entry.at("details"),
            Json({{"original_total_cents", 14470}, {"new_total_cents", 16640}}));

  shopper_.act(id, "request-approval");
  shopper_.act(id, "approve");
  const Json confirmed = shopper_.act(id, "confirm").json();
  EXPECT_EQ(confirmed.at("status"), "confirmed");
  EXPECT_EQ(confirmed.at("total").at("amount"), 16640);
}

TEST_F(CheckoutApi, stays_approved_when_the_price_came_back) {
  const std::string id = shopper_.approved("merchant-b", kHeadphonesB);
  server_.change_price("merchant-b", kHeadphonesB, 15408);
  EXPECT_EQ(shopper_.act(id, "confirm").status, 409);
  server_.change_price("merchant-b", kHeadphonesB, 13399);
  EXPECT_EQ(status(shopper_.quote(id, kHeadphonesB)), "approved");
  EXPECT_EQ(shopper_.act(id, "confirm").status, 200);
}

// A weak spot of the service that callers must guard against themselves.
TEST_F(CheckoutApi, compares_nothing_but_the_total_after_an_approval) {
  const std::string id = shopper_.approved("merchant-a", kEarbudsA);
  const std::string other = "4b3a0e6dd45f57779be5d624ff334fb4";
  server_.change_price("merchant-a", other, 7999);
  const Json swapped = shopper_.quote(id, other).json();
  EXPECT_EQ(swapped.at("status"), "approved");
  EXPECT_EQ(swapped.at("items").at(0).at("product_id"), other);
  EXPECT_EQ(swapped.at("frozen_receipt").at("items").at(0).at("product_id"), kEarbudsA);
  EXPECT_THAT(actions(swapped),
              ElementsAre("checkout_created", "quote_received", "approval_requested", "approved"));
  EXPECT_EQ(shopper_.act(id, "confirm").status, 200);
}

TEST_F(CheckoutApi, prices_a_variant_like_its_product_and_names_it_in_the_sku) {
  const std::string id = shopper_.checkout("merchant-a");
  const Json items = Json::array({{{"product_id", kEarbudsA},
                                   {"variant_id", "5eeb17b4d8eb788d52ce6091415531e5"},
                                   {"quantity", 27}}});
  const Json quoted = shopper_.post("/checkouts/" + id + "/quote", {{"items", items}}).json();
  EXPECT_EQ(quoted.at("items").at(0).at("sku"), "HEA-0200-000-GRY");
  EXPECT_EQ(quoted.at("items").at(0).at("line_total").at("amount"), 27 * 7999);
}

TEST_F(CheckoutApi, any_quantity_beyond_the_stock_is_refused_however_large) {
  const std::string id = shopper_.checkout("merchant-a");
  for (const char* quantity : {"106", "1e3", "9223372036854775807"}) {
    const Answer refused = shopper_.post_text(
        "/checkouts/" + id + "/quote", R"({"items":[{"product_id":")" + std::string(kEarbudsA) +
                                           R"(","quantity":)" + quantity + "}]}");
    EXPECT_THAT(message(refused), HasSubstr("Insufficient stock for product")) << quantity;
  }
}

TEST_F(CheckoutApi, a_key_in_the_body_returns_the_checkout_as_it_is_now) {
  const Json body = {{"offer_id", shopper_.offer("merchant-a")},
                     {"items", Json::array({{{"product_id", "x"}, {"quantity", 1}}})},
                     {"idempotency_key", "key"}};
  const std::string id = shopper_.post("/checkouts", body).json().at("id");
  shopper_.quote(id, kEarbudsA);
  const Answer again = shopper_.post("/checkouts", body);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.json().at("id"), id);
  EXPECT_EQ(again.json().at("status"), "quoted");
  EXPECT_EQ(again.header("X-Idempotent-Replayed"), "");
}

TEST_F(CheckoutApi, an_empty_key_in_the_body_is_none) {
  const Json body = {{"offer_id", shopper_.offer("merchant-a")},
                     {"items", Json::array({{{"product_id", "x"}, {"quantity", 1}}})},
                     {"idempotency_key", ""}};
  EXPECT_NE(shopper_.post("/checkouts", body).json().at("id"),
            shopper_.post("/checkouts", body).json().at("id"));
}

TEST(SandboxServer, refuses_to_change_goods_it_does_not_have) {
  SandboxServer server({});
  EXPECT_THROW(server.change_price("merchant-c", kEarbudsA, 1), Error);
  EXPECT_THROW(server.change_price("merchant-b", kEarbudsA, 1), Error);
  EXPECT_THROW(server.change_price("merchant-a", kEarbudsA, 0), Error);
  EXPECT_THROW(server.empty_stock("merchant-a", "nothing"), Error);
}

}  // namespace
}  // namespace cartpilot::sandbox
