// The merchants' own APIs.
#include <gmock/gmock.h>

#include "sandbox/merchant/merchant.h"
#include "unit/sandbox/shopper.h"

namespace cartpilot::sandbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kGreyEarbuds = "5eeb17b4d8eb788d52ce6091415531e5";

SandboxServer::Options with_shops(std::function<std::int64_t()> clock = {}) {
  SandboxServer::Options options;
  options.clock = std::move(clock);
  options.merchant_a_port = 0;
  options.merchant_b_port = 0;
  return options;
}

struct Shops {
  std::atomic<std::int64_t> now{1'795'392'000'000'000};
  SandboxServer server{with_shops([this] { return ++now; })};
  Shopper shopper{server.port()};
  RawHttp a{server.merchant_port("merchant-a")};
  RawHttp b{server.merchant_port("merchant-b")};

  Answer quote_a(const std::string& body) { return post(a, "/checkout/quote", body); }
  static Answer post(RawHttp& http, const std::string& target, const std::string& body) {
    return http.send("POST", target, {{"Content-Type", "application/json"}}, body);
  }
};

const std::string kOnePair = R"({"items":[{"product_id":"a771c475644349d36b508123c16b1284",)"
                             R"("quantity":1}]})";

std::vector<std::string> titles(const Answer& answer) {
  std::vector<std::string> list;
  const Json page = answer.json();
  for (const Json& item : page.at("items")) list.push_back(item.at("title"));
  return list;
}

TEST(ShopApi, is_where_the_merchant_list_says) {
  Shops shops;
  const Json list = shops.shopper.get("/merchants").json().at("merchants");
  EXPECT_EQ(list.at(0).at("url"), shops.server.merchant_url("merchant-a"));
  EXPECT_EQ(list.at(1).at("url"), shops.server.merchant_url("merchant-b"));
}

TEST(ShopApi, tells_its_health_without_a_key) {
  Shops shops;
  EXPECT_EQ(shops.a.send("GET", "/health", {}).body,
            R"({"status":"healthy","service":"merchant-a","merchant_id":"merchant-a",)"
            R"("ucp_version":"1.0.0"})");
  EXPECT_EQ(shops.b.send("GET", "/health", {}).body,
            R"({"status":"healthy","service":"merchant-b","merchant_id":"merchant-b",)"
            R"("ucp_version":"1.0.0","chaos_enabled":false})");
}

TEST(ShopApi, counts_its_goods_and_checkouts) {
  Shops shops;
  shops.quote_a(kOnePair);
  EXPECT_EQ(shops.a.send("GET", "/stats", {}).body,
            R"({"merchant_id":"merchant-a","product_count":50,"checkout_count":1,)"
            R"("ucp_version":"1.0.0"})");
  EXPECT_EQ(shops.b.send("GET", "/stats", {}).body,
            R"({"merchant_id":"merchant-b","product_count":50,"checkout_count":0,)"
            R"("chaos_event_count":0,"ucp_version":"1.0.0"})");
}

TEST(ShopApi, shows_a_product_with_its_variants) {
  Shops shops;
  Json product = shops.a.send("GET", std::string("/products/") + kEarbudsA, {}).json();
  const Json variants = product.at("variants");
  product["variants"] = Json::array();
  EXPECT_EQ(dump_json(product),
            R"({"ucp_version":"1.0.0","id":"a771c475644349d36b508123c16b1284",)"
            R"("sku":"HEA-0200-000","title":"Fabrikam Wireless Classic Earbuds",)"
            R"("description":"Fabrikam headphones, classic collection.","brand":"Fabrikam",)"
            R"("category_id":200,"category_path":"Electronics > Audio > Headphones",)"
            R"("price":{"amount":7999,"currency":"USD"},"rating":4.6,"review_count":299,)"
            R"("image_url":"https://picsum.photos/seed/a771c475/400/400","in_stock":true,)"
            R"("stock_quantity":105,"variants":[]})");
  ASSERT_EQ(variants.size(), 4U);
  for (const Json& variant : variants) {
    if (variant.at("id") != kGreyEarbuds) continue;
    EXPECT_EQ(variant.at("sku_suffix"), "-GRY");
    EXPECT_EQ(variant.at("color"), "Gray");
    EXPECT_EQ(variant.at("size"), nullptr);
    EXPECT_EQ(variant.at("price_modifier"), 0);
    EXPECT_EQ(variant.at("in_stock"), true);
  }
  const Answer unknown = shops.a.send("GET", "/products/none", {});
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.body, R"({"error_code":"PRODUCT_NOT_FOUND",)"
                          R"("message":"Product not found: none","details":[]})");
}

TEST(ShopApi, lists_filters_and_sorts_its_products) {
  Shops shops;
  const auto list = [&](const std::string& query) {
    return shops.a.send("GET", "/products" + query, {});
  };
  EXPECT_EQ(list("").json().at("total"), 50);
  EXPECT_EQ(list("").json().at("items").size(), 20U);
  EXPECT_EQ(list("").json().at("has_more"), true);
  EXPECT_EQ(list("?page=3").json().at("has_more"), false);
  EXPECT_EQ(list("?page=99").json().at("items"), Json::array());
  EXPECT_EQ(list("?category_id=200").json().at("total"), 5);
  EXPECT_THAT(titles(list("?category_id=200&max_price=7999")),
              ElementsAre("Fabrikam Wireless Classic Earbuds"));
  EXPECT_EQ(list("?category_id=200&min_price=8000").json().at("total"), 4);
  EXPECT_EQ(list("?search=HEADPHONES").json().at("total"),
            list("?search=headphones").json().at("total"));
  EXPECT_EQ(list("?brand=fabrikam").json().at("total"), list("?brand=FABRIKAM").json().at("total"));
  EXPECT_EQ(list("?in_stock=false").json().at("total"), 0);
  std::vector<std::int64_t> prices;
  const Json page = list("?category_id=200&sort_by=price&sort_order=desc").json();
  for (const Json& item : page.at("items")) prices.push_back(item.at("price").at("amount"));
  EXPECT_THAT(prices, ElementsAre(24899, 19699, 16699, 15499, 7999));
}

TEST(ShopApi, refuses_a_list_it_does_not_understand) {
  Shops shops;
  for (const char* query : {"?page=0", "?page_size=101", "?sort_by=name", "?sort_order=up",
                            "?in_stock=perhaps", "?min_price=x", "?category_id=x"}) {
    EXPECT_EQ(shops.a.send("GET", std::string("/products") + query, {}).status, 422) << query;
  }
}

TEST(ShopApi, sells_without_cartpilot) {
  Shops shops;
  const Answer quoted = shops.quote_a(kOnePair);
  EXPECT_EQ(quoted.status, 201);
  Json session = quoted.json();
  const std::string id = session.at("id");
  EXPECT_EQ(shops.a.send("GET", "/checkout/" + id, {}).body, quoted.body);
  session["id"] = "";
  session["receipt_hash"] = "";
  EXPECT_EQ(dump_json(session),
            R"({"ucp_version":"1.0.0","id":"","status":"quoted","items":[{"product_id":)"
            R"("a771c475644349d36b508123c16b1284","variant_id":null,"sku":"HEA-0200-000",)"
            R"("title":"Fabrikam Wireless Classic Earbuds",)"
            R"("unit_price":{"amount":7999,"currency":"USD"},"quantity":1,)"
            R"("line_total":{"amount":7999,"currency":"USD"}}],)"
            R"("subtotal":{"amount":7999,"currency":"USD"},"tax":{"amount":639,"currency":"USD"},)"
            R"("shipping":{"amount":0,"currency":"USD"},"total":{"amount":8638,"currency":"USD"},)"
            R"("customer_email":null,"receipt_hash":"","merchant_order_id":null,)"
            R"("created_at":"2026-11-23T00:00:00.000001Z",)"
            R"("updated_at":"2026-11-23T00:00:00.000001Z",)"
            R"("expires_at":"2026-11-24T00:00:00.000001Z","failure_reason":null})");
  const Answer sold = Shops::post(shops.a, "/checkout/" + id + "/confirm", "{}");
  EXPECT_EQ(sold.status, 200);
  EXPECT_EQ(sold.json().at("status"), "confirmed");
  EXPECT_EQ(sold.json().at("total").at("amount"), 8638);
  EXPECT_EQ(Shops::post(shops.a, "/checkout/" + id + "/confirm", "{}").body, sold.body);
  EXPECT_EQ(shops.shopper.get("/orders").json().at("total"), 0);
}

TEST(ShopApi, returns_the_session_opened_with_the_same_key) {
  Shops shops;
  const std::string body = R"({"items":[{"product_id":"a771c475644349d36b508123c16b1284",)"
                           R"("quantity":1}],"idempotency_key":"k"})";
  EXPECT_EQ(shops.quote_a(body).body, shops.quote_a(body).body);
  EXPECT_EQ(Shops::post(shops.b, "/checkout/quote", body).status, 400);
}

TEST(ShopApi, refuses_what_it_does_not_have_and_whom_it_does_not_know) {
  Shops shops;
  EXPECT_EQ(shops.quote_a(R"({"items":[{"product_id":"X","quantity":1}]})").body,
            R"({"error_code":"QUOTE_FAILED","message":"Product not found: X","details":[]})");
  EXPECT_EQ(shops.quote_a("{}").status, 422);
  EXPECT_EQ(shops.a.send("GET", "/checkout/none", {}).body,
            R"({"error_code":"CHECKOUT_NOT_FOUND","message":"Checkout not found: none",)"
            R"("details":[]})");
  EXPECT_EQ(Shops::post(shops.a, "/checkout/none/confirm", "{}").status, 404);
  const std::string of_a = shops.quote_a(kOnePair).json().at("id");
  EXPECT_EQ(shops.b.send("GET", "/checkout/" + of_a, {}).status, 404);
}

TEST(ShopApi, turns_an_old_session_into_an_expired_one) {
  Shops shops;
  const std::string id = shops.quote_a(kOnePair).json().at("id");
  shops.now += 25 * 3'600'000'000;
  EXPECT_EQ(shops.a.send("GET", "/checkout/" + id, {}).json().at("status"), "expired");
  const Answer refused = Shops::post(shops.a, "/checkout/" + id + "/confirm", "{}");
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.json().at("error_code"), "CHECKOUT_EXPIRED");
}

TEST(ShopApi, shows_what_cartpilot_did_there) {
  Shops shops;
  const std::string id = shops.shopper.approved("merchant-a", kEarbudsA);
  shops.shopper.act(id, "confirm");
  const Json checkout = shops.shopper.get("/checkouts/" + id).json();
  const std::string session = checkout.at("merchant_checkout_id");
  const Json seen = shops.a.send("GET", "/checkout/" + session, {}).json();
  EXPECT_EQ(seen.at("status"), "confirmed");
  EXPECT_EQ(seen.at("merchant_order_id"), checkout.at("merchant_order_id"));
  EXPECT_EQ(seen.at("receipt_hash"), checkout.at("receipt_hash"));
}

// A weak spot of the service: the merchant has sold although the buyer was told no.
TEST(ShopApi, shows_the_sale_of_a_checkout_that_expired_before_its_confirmation) {
  Shops shops;
  const std::string id = shops.shopper.checkout("merchant-a");
  shops.now += 23 * 3'600'000'000;
  shops.shopper.quote(id, kEarbudsA);
  shops.shopper.act(id, "request-approval");
  shops.shopper.act(id, "approve");
  shops.now += 2 * 3'600'000'000;
  EXPECT_EQ(shops.shopper.act(id, "confirm").status, 400);
  const std::string session =
      shops.shopper.get("/checkouts/" + id).json().at("merchant_checkout_id");
  EXPECT_EQ(shops.a.send("GET", "/checkout/" + session, {}).json().at("status"), "confirmed");
}

TEST(ShopApi, knows_paths_methods_and_slashes_like_its_bigger_sister) {
  Shops shops;
  EXPECT_EQ(shops.a.send("GET", "/nope", {}).body, R"({"detail":"Not Found"})");
  EXPECT_EQ(shops.a.send("DELETE", "/products", {}).status, 405);
  EXPECT_EQ(shops.a.send("GET", "/products/", {}).status, 307);
  EXPECT_EQ(shops.a.send("GET", "/chaos/config", {}).status, 404);
}

TEST(Outage, leaves_the_intent_empty_for_ever) {
  Shops shops;
  shops.server.set_merchant_state("merchant-a", MerchantState::kUnreachable);
  shops.server.set_merchant_state("merchant-b", MerchantState::kUnreachable);
  const std::string target = "/intents/" + shops.shopper.intent("headphones");
  EXPECT_EQ(shops.shopper.get(target + "/offers").json().at("total"), 0);
  shops.server.set_merchant_state("merchant-a", MerchantState::kUp);
  EXPECT_EQ(shops.shopper.get(target + "/offers").json().at("total"), 0);
  EXPECT_EQ(shops.shopper.get(target).json().at("offers_collected"), true);
}

TEST(Outage, with_no_merchant_enabled_the_intent_is_asked_again) {
  Shops shops;
  shops.server.set_merchant_state("merchant-a", MerchantState::kDisabled);
  shops.server.set_merchant_state("merchant-b", MerchantState::kDisabled);
  EXPECT_EQ(shops.shopper.get("/merchants").body, R"({"merchants":[],"total":0})");
  const std::string target = "/intents/" + shops.shopper.intent("headphones");
  EXPECT_EQ(shops.shopper.get(target + "/offers").json().at("total"), 0);
  EXPECT_EQ(shops.shopper.get(target).json().at("offers_collected"), false);
  shops.server.set_merchant_state("merchant-a", MerchantState::kUp);
  EXPECT_EQ(shops.shopper.get(target + "/offers").json().at("total"), 1);
}

}  // namespace
}  // namespace cartpilot::sandbox
