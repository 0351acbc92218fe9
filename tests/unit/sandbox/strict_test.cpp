// What --strict changes, and that nothing else does.
#include <gmock/gmock.h>

#include "unit/sandbox/shopper.h"

namespace cartpilot::sandbox {
namespace {

SandboxServer::Options strict_options(std::function<std::int64_t()> clock = {}) {
  SandboxServer::Options options;
  options.strict = true;
  options.merchant_a_port = 0;
  options.clock = std::move(clock);
  return options;
}

struct Shop {
  std::atomic<std::int64_t> now{1'795'392'000'000'000};
  SandboxServer server{strict_options([this] { return ++now; })};
  Shopper shopper{server.port()};

  void advance_hours(std::int64_t hours) { now += hours * 3'600'000'000; }
};

const HttpHeaders kIdempotencyKey = {{"Idempotency-Key", "k"}};

std::string code(const Answer& answer) { return string_or(answer.json(), "error_code"); }

TEST(Strict, looks_at_the_api_key_before_it_replays) {
  Shop shop;
  shop.shopper.post("/intents", {{"query", "a"}}, kIdempotencyKey);
  const Answer refused = RawHttp(shop.server.port())
                             .send("POST", "/intents",
                                   {{"Content-Type", "application/json"}, {"Idempotency-Key", "k"}},
                                   R"({"query":"a"})");
  EXPECT_EQ(refused.status, 401);
  EXPECT_NE(refused.header("X-Request-ID"), "");
}

TEST(Strict, does_not_remember_a_401) {
  Shop shop;
  RawHttp(shop.server.port())
      .send("POST", "/intents", {{"Content-Type", "application/json"}, {"Idempotency-Key", "k"}},
            R"({"query":"a"})");
  EXPECT_EQ(shop.shopper.post("/intents", {{"query", "a"}}, kIdempotencyKey).status, 201);
}

TEST(Strict, does_not_remember_a_422) {
  Shop shop;
  EXPECT_EQ(shop.shopper.post("/intents", {{"query", ""}}, kIdempotencyKey).status, 422);
  EXPECT_EQ(shop.shopper.post("/intents", {{"query", "a"}}, kIdempotencyKey).status, 201);
}

TEST(Strict, does_not_remember_a_409) {
  Shop shop;
  const std::string id = shop.shopper.approved("merchant-b", kHeadphonesB);
  const std::string target = "/checkouts/" + id + "/confirm";
  shop.server.change_price("merchant-b", kHeadphonesB, 15408);
  EXPECT_EQ(shop.shopper.post(target, Json::object(), kIdempotencyKey).status, 409);
  EXPECT_NE(shop.shopper.post(target, Json::object(), kIdempotencyKey).status, 409);
}

TEST(Strict, still_replays_what_was_done) {
  Shop shop;
  const Answer first = shop.shopper.post("/intents", {{"query", "a"}}, kIdempotencyKey);
  const Answer again = shop.shopper.post("/intents", {{"query", "a"}}, kIdempotencyKey);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.header("X-Idempotent-Replayed"), "true");
  EXPECT_EQ(code(shop.shopper.post("/intents", {{"query", "b"}}, kIdempotencyKey)),
            "IDEMPOTENCY_CONFLICT");
}

TEST(Strict, refuses_an_expired_confirmation_before_the_merchant_sells) {
  Shop shop;
  const std::string id = shop.shopper.checkout("merchant-a");
  shop.advance_hours(23);
  shop.shopper.quote(id, kEarbudsA);
  shop.shopper.act(id, "request-approval");
  shop.shopper.act(id, "approve");
  shop.advance_hours(2);
  EXPECT_EQ(code(shop.shopper.act(id, "confirm")), "CHECKOUT_EXPIRED");
  const std::string session =
      shop.shopper.get("/checkouts/" + id).json().at("merchant_checkout_id");
  RawHttp merchant(shop.server.merchant_port("merchant-a"));
  EXPECT_EQ(merchant.send("GET", "/checkout/" + session, {}).json().at("status"), "quoted");
}

TEST(Strict, needs_a_new_approval_when_the_goods_change_at_the_same_total) {
  Shop shop;
  const std::string id = shop.shopper.approved("merchant-a", kEarbudsA);
  const std::string other = "4b3a0e6dd45f57779be5d624ff334fb4";
  shop.server.change_price("merchant-a", other, 7999);
  const Json quoted = shop.shopper.quote(id, other).json();
  EXPECT_EQ(quoted.at("status"), "quoted");
  EXPECT_EQ(quoted.at("frozen_receipt"), nullptr);
  EXPECT_EQ(quoted.at("audit_trail").back().at("action"), "price_changed_reapproval_required");
  EXPECT_EQ(code(shop.shopper.act(id, "confirm")), "NOT_APPROVED");
}

TEST(Strict, leaves_an_equal_quote_approved) {
  Shop shop;
  const std::string id = shop.shopper.approved("merchant-a", kEarbudsA);
  EXPECT_EQ(shop.shopper.quote(id, kEarbudsA).json().at("status"), "approved");
  EXPECT_EQ(shop.shopper.act(id, "confirm").status, 200);
}

TEST(Strict, refunds_between_a_cent_and_the_total) {
  Shop shop;
  const std::string target = "/orders/" + shop.shopper.order("merchant-a", kEarbudsA);
  shop.shopper.post(target + "/simulate-advance", {{"steps", 3}});
  for (const int cents : {-1, 0, 8639}) {
    const Answer refused = shop.shopper.post(target + "/refund", {{"refund_amount_cents", cents}});
    EXPECT_EQ(refused.status, 400) << cents;
    EXPECT_EQ(code(refused), "REFUND_FAILED") << cents;
  }
  EXPECT_EQ(shop.shopper.post(target + "/refund", {{"refund_amount_cents", 8638}}).status, 200);
}

}  // namespace
}  // namespace cartpilot::sandbox
