// Merchant B's five kinds of trouble, and the handles to switch them.
#include <Poco/TemporaryFile.h>
#include <gmock/gmock.h>

#include "unit/sandbox/shopper.h"
#include "unit/sandbox/webhook_receiver.h"

namespace cartpilot::sandbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kQuiet =
    R"({"enabled":false,"scenarios":{"price_change":false,"out_of_stock":false,)"
    R"("duplicate_webhook":false,"delayed_webhook":false,"out_of_order_webhook":false},)"
    R"("price_change_percent":15,"out_of_stock_probability":0.3,"duplicate_webhook_count":3,)"
    R"("webhook_delay_seconds":5.0})";

SandboxServer::Options options_of(std::uint64_t seed, const std::string& db_path = ":memory:") {
  SandboxServer::Options options;
  options.db_path = db_path;
  options.seed = seed;
  options.merchant_b_port = 0;
  return options;
}

struct Shop {
  explicit Shop(const SandboxServer::Options& options)
      : server(options), shopper(server.port()), b(server.merchant_port("merchant-b")) {}
  Shop() : Shop(options_of(1)) {}

  Answer post(const std::string& target, const Json& body = Json::object()) {
    return b.send("POST", target, {{"Content-Type", "application/json"}}, dump_json(body));
  }
  Json get(const std::string& target) { return b.send("GET", target, {}).json(); }
  Answer buy() { return shopper.act(shopper.approved("merchant-b", kHeadphonesB), "confirm"); }
  /// Quotes until the log has an event; how many it took.
  std::size_t quotes_until_chaos() {
    std::size_t quotes = 0;
    for (; get("/chaos/events").at("total") == 0 && quotes < 100; ++quotes) {
      shopper.quote(shopper.checkout("merchant-b"), kHeadphonesB);
    }
    EXPECT_LT(quotes, 100U);
    return quotes;
  }
  std::int64_t price() {
    return get(std::string("/products/") + kHeadphonesB).at("price").at("amount");
  }
  void always(const char* scenario) {
    post("/chaos/configure", {{"scenarios", {{scenario, true}}}, {"out_of_stock_probability", 1}});
  }

  SandboxServer server;
  Shopper shopper;
  RawHttp b;
};

// What the log says, without ids and times.
Json story(Shop& shop) {
  Json story = Json::array();
  const Json log = shop.get("/chaos/events?limit=100");
  for (const Json& event : log.at("events")) {
    Json details = event.at("details");
    details.erase("event_id");
    story.push_back({event.at("scenario"), details});
  }
  return story;
}

std::string type_of(const Request& request) {
  return parse_json(request.body).at("event_type").get<std::string>();
}

TEST(Chaos, is_off_until_it_is_switched_on) {
  Shop shop;
  EXPECT_EQ(dump_json(shop.get("/chaos/config")), kQuiet);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(shop.buy().status, 200);
  EXPECT_EQ(shop.get("/chaos/events"), Json({{"events", Json::array()}, {"total", 0}}));
}

TEST(Chaos, switches_one_scenario_or_all) {
  Shop shop;
  EXPECT_EQ(shop.post("/chaos/scenarios/delayed_webhook/enable").json().at("enabled"), true);
  EXPECT_EQ(shop.post("/chaos/scenarios/delayed_webhook/disable").body, kQuiet);
  Json all = shop.post("/chaos/enable").json();
  for (const auto& [name, on] : all.at("scenarios").items()) EXPECT_EQ(on, true) << name;
  EXPECT_EQ(shop.post("/chaos/disable").body, kQuiet);
  EXPECT_EQ(shop.post("/chaos/enable-all").status, 404);
  EXPECT_EQ(shop.post("/chaos/scenarios/earthquake/enable").status, 422);
}

TEST(Chaos, configure_merges_scenarios_and_resets_what_it_does_not_name) {
  Shop shop;
  shop.post("/chaos/configure", {{"scenarios", {{"price_change", true}}},
                                 {"duplicate_webhook_count", 5},
                                 {"webhook_delay_seconds", 0.5}});
  const Json config =
      shop.post("/chaos/configure", {{"scenarios", {{"out_of_stock", true}}}}).json();
  EXPECT_EQ(config.at("scenarios").at("price_change"), true);
  EXPECT_EQ(config.at("scenarios").at("out_of_stock"), true);
  EXPECT_EQ(config.at("duplicate_webhook_count"), 3);
  EXPECT_EQ(config.at("webhook_delay_seconds"), 5.0);
}

TEST(Chaos, configure_refuses_values_out_of_range) {
  Shop shop;
  for (const Json& body :
       {Json({{"price_change_percent", 0}}), Json({{"price_change_percent", 51}}),
        Json({{"out_of_stock_probability", 1.5}}), Json({{"out_of_stock_probability", "often"}}),
        Json({{"duplicate_webhook_count", 1}}), Json({{"duplicate_webhook_count", 11}}),
        Json({{"webhook_delay_seconds", 0.4}}), Json({{"webhook_delay_seconds", 31}}),
        Json({{"scenarios", {{"earthquake", true}}}}),
        Json({{"scenarios", {{"price_change", "perhaps"}}}}), Json({{"scenarios", 1}})}) {
    EXPECT_EQ(shop.post("/chaos/configure", body).status, 422) << body;
  }
  EXPECT_EQ(dump_json(shop.get("/chaos/config")), kQuiet);
}

TEST(Chaos, a_price_change_strikes_at_confirmation_by_fifteen_per_cent_and_stays) {
  Shop shop;
  shop.post("/chaos/configure",
            {{"scenarios", {{"price_change", true}}}, {"price_change_percent", 50}});
  Answer answer;
  int bought = 0;
  while ((answer = shop.buy()).status == 200) ASSERT_LT(++bought, 100);
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(string_or(answer.json(), "message"),
            "[merchant-b] PRICE_CHANGED: Price changed: $133.99 -> $154.08, re-quote required");
  EXPECT_EQ(shop.price(), 15408);
  const Json event = shop.get("/chaos/events").at("events").at(0);
  EXPECT_EQ(event.at("details"),
            Json({{"product_id", kHeadphonesB}, {"old_price", 13399}, {"new_price", 15408}}));
  EXPECT_EQ(
      shop.get("/checkout/" + event.at("checkout_id").get<std::string>()).at("failure_reason"),
      "PRICE_CHANGED");
  // Resetting chaos leaves the price where it is.
  shop.post("/chaos/reset");
  EXPECT_EQ(shop.price(), 15408);
}

TEST(Chaos, out_of_stock_strikes_at_confirmation_before_prices_are_compared) {
  Shop shop;
  shop.always("out_of_stock");
  shop.post("/chaos/scenarios/price_change/enable");
  const Answer answer = shop.buy();
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(string_or(answer.json(), "message"),
            "[merchant-b] OUT_OF_STOCK: Items out of stock: e96a6ebc");
  const Json product = shop.get(std::string("/products/") + kHeadphonesB);
  EXPECT_EQ(product.at("in_stock"), false);
  EXPECT_EQ(shop.get("/chaos/events?scenario=out_of_stock").at("events").at(0).at("details"),
            Json({{"product_id", kHeadphonesB}, {"variant_id", nullptr}}));
}

TEST(Chaos, the_same_seed_tells_the_same_story) {
  const auto play = [](std::uint64_t seed) {
    Shop shop(options_of(seed));
    shop.post("/chaos/enable");
    for (int i = 0; i < 8; ++i) {
      shop.buy();
      shop.post(std::string("/admin/reset-product/") + kHeadphonesB);
    }
    return story(shop);
  };
  const Json first = play(7);
  EXPECT_GE(first.size(), 8U);
  EXPECT_EQ(play(7), first);
  EXPECT_NE(play(8), first);
}

TEST(Chaos, a_restart_goes_on_with_the_story) {
  const std::string path = Poco::TemporaryFile::tempName();
  Json with_restart;
  {
    {
      Shop shop(options_of(7, path));
      shop.post("/chaos/enable");
      shop.buy();
    }
    Shop shop(options_of(7, path));
    EXPECT_THAT(shop.server.running_chaos(), testing::SizeIs(5));
    shop.post(std::string("/admin/reset-product/") + kHeadphonesB);
    shop.buy();
    with_restart = story(shop);
  }
  for (const char* suffix : {"", "-wal", "-shm"}) std::remove((path + suffix).c_str());
  Shop shop(options_of(7));
  shop.post("/chaos/enable");
  shop.buy();
  shop.post(std::string("/admin/reset-product/") + kHeadphonesB);
  shop.buy();
  EXPECT_EQ(story(shop), with_restart);
}

TEST(Chaos, starts_with_the_scenarios_named_and_no_others) {
  SandboxServer::Options options = options_of(1);
  options.chaos = std::vector<std::string>{"price_change", "delayed_webhook"};
  const SandboxServer server(options);
  EXPECT_THAT(server.running_chaos(), ElementsAre("price_change", "delayed_webhook"));
  options.chaos = std::vector<std::string>{"earthquake"};
  try {
    const SandboxServer other(options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(error.what(), HasSubstr("no chaos scenario 'earthquake'; there are price_change"));
  }
}

TEST(Chaos, the_log_is_a_ring_of_a_hundred_newest_first) {
  Shop shop;
  shop.post("/chaos/configure", {{"scenarios", {{"duplicate_webhook", true}}}});
  for (int i = 0; i < 60; ++i) shop.buy();
  const Json log = shop.get("/chaos/events?limit=100");
  EXPECT_EQ(log.at("total"), 100);
  EXPECT_EQ(log.at("events").size(), 100U);
  EXPECT_GE(log.at("events").at(0).at("triggered_at"), log.at("events").at(99).at("triggered_at"));
  EXPECT_EQ(shop.get("/chaos/events").at("events").size(), 50U);
  const std::string session = log.at("events").at(0).at("checkout_id");
  const Json of_one = shop.get("/chaos/events?checkout_id=" + session).at("events");
  for (const Json& event : of_one) EXPECT_EQ(event.at("checkout_id"), session);
  EXPECT_EQ(shop.get("/chaos/events?scenario=price_change").at("events"), Json::array());
  EXPECT_EQ(shop.b.send("GET", "/chaos/events?limit=101", {}).status, 422);
  EXPECT_EQ(shop.b.send("DELETE", "/chaos/events", {}).body, R"({"cleared":100})");
  EXPECT_EQ(shop.get("/chaos/events").at("total"), 0);
}

TEST(Chaos, a_duplicated_webhook_comes_again_marked_as_a_retry) {
  WebhookReceiver receiver;
  SandboxServer::Options options = options_of(1);
  options.webhook_url = receiver.url();
  Shop shop(options);
  shop.post("/chaos/configure",
            {{"scenarios", {{"duplicate_webhook", true}}}, {"duplicate_webhook_count", 4}});
  const std::size_t quotes = shop.quotes_until_chaos();
  const std::string event_id =
      shop.get("/chaos/events").at("events").at(0).at("details").at("event_id");
  std::vector<Request> copies;
  for (Request& request : receiver.wait_for(quotes + 3)) {
    if (request.header("X-Event-Id") == event_id) copies.push_back(std::move(request));
  }
  ASSERT_EQ(copies.size(), 4U);
  for (std::size_t i = 0; i < copies.size(); ++i) {
    EXPECT_EQ(copies[i].body, copies[0].body);
    EXPECT_EQ(copies[i].header("X-Is-Retry"), i == 0 ? "" : "true");
  }
}

TEST(Chaos, a_delayed_webhook_is_overtaken_and_comes_at_last) {
  WebhookReceiver receiver;
  SandboxServer::Options options = options_of(1);
  options.webhook_url = receiver.url();
  Shop shop(options);
  shop.post("/chaos/configure",
            {{"scenarios", {{"delayed_webhook", true}}}, {"webhook_delay_seconds", 2}});
  const std::size_t quotes = shop.quotes_until_chaos();
  const Json details = shop.get("/chaos/events").at("events").at(0).at("details");
  EXPECT_EQ(details.at("delay_seconds"), 2.0);
  shop.post("/chaos/disable");
  shop.shopper.quote(shop.shopper.checkout("merchant-b"), kHeadphonesB);
  const std::size_t count = quotes + 1;
  const std::vector<Request> received = receiver.wait_for(count);
  ASSERT_EQ(received.size(), count);
  EXPECT_EQ(received.back().header("X-Event-Id"), details.at("event_id"));
}

TEST(Chaos, a_webhook_held_back_follows_the_next_one_or_a_flush) {
  WebhookReceiver receiver;
  SandboxServer::Options options = options_of(1);
  options.webhook_url = receiver.url();
  Shop shop(options);
  shop.always("out_of_order_webhook");
  const std::size_t quotes = shop.quotes_until_chaos();
  const std::size_t sent = quotes - 1;
  EXPECT_EQ(receiver.wait_for(sent).size(), sent);
  EXPECT_EQ(shop.post("/chaos/flush-webhooks").body, R"({"flushed":1})");
  EXPECT_EQ(receiver.wait_for(sent + 1).size(), sent + 1);
  EXPECT_EQ(shop.post("/chaos/flush-webhooks").body, R"({"flushed":0})");

  // A purchase whose first two events swap: the second overtakes the one held back.
  for (int round = 0; round < 200; ++round) {
    const std::size_t before = receiver.wait_for(0).size();
    shop.buy();
    const std::size_t held = shop.post("/chaos/flush-webhooks").json().at("flushed");
    const std::vector<Request> received = receiver.wait_for(before + 3);
    ASSERT_EQ(received.size(), before + 3);
    if (held == 0 && type_of(received[before + 1]) == "order.created") return;
  }
  FAIL() << "no events were swapped";
}

TEST(Admin, moves_a_price_up_and_down_and_resets_the_product) {
  Shop shop;
  const std::string target = std::string("/admin/trigger-price-change/") + kHeadphonesB;
  EXPECT_EQ(shop.post(target).body,
            R"({"product_id":"e96a6ebccb21d9133f75b47155135d1f","old_price":13399,)"
            R"("new_price":15408,"change":2009,"change_percent":15})");
  EXPECT_EQ(shop.post(target + "?increase=false").json().at("new_price"), 15408 - 2311);
  EXPECT_EQ(shop.post(std::string("/admin/reset-product/") + kHeadphonesB).body,
            R"({"product_id":"e96a6ebccb21d9133f75b47155135d1f","reset":true})");
  const Json product = shop.get(std::string("/products/") + kHeadphonesB);
  EXPECT_EQ(product.at("price").at("amount"), 13399);
  EXPECT_EQ(product.at("stock_quantity"), 10);
  EXPECT_EQ(product.at("variants").at(0).at("stock_quantity"), 5);
  for (int i = 0; i < 60; ++i) shop.post(target + "?increase=false");
  EXPECT_EQ(shop.price(), 99);
}

TEST(Admin, sells_out_a_product_or_one_of_its_variants) {
  Shop shop;
  const Json product = shop.get(std::string("/products/") + kHeadphonesB);
  const std::string variant = product.at("variants").at(0).at("id");
  const std::string target = std::string("/admin/trigger-out-of-stock/") + kHeadphonesB;
  EXPECT_EQ(shop.post(target + "?variant_id=" + variant).json(),
            Json({{"product_id", kHeadphonesB}, {"variant_id", variant}, {"in_stock", false}}));
  Json changed = shop.get(std::string("/products/") + kHeadphonesB);
  EXPECT_EQ(changed.at("in_stock"), true);
  EXPECT_EQ(changed.at("variants").at(0).at("in_stock"), false);
  EXPECT_EQ(shop.post(target).json().at("variant_id"), nullptr);
  EXPECT_EQ(shop.get(std::string("/products/") + kHeadphonesB).at("in_stock"), false);
  EXPECT_EQ(shop.post("/admin/trigger-out-of-stock/none").status, 404);
  EXPECT_EQ(shop.post("/admin/trigger-price-change/none").status, 404);
  EXPECT_EQ(shop.post("/admin/reset-product/none").status, 404);
}

TEST(Admin, resets_everything_of_the_shop) {
  Shop shop;
  shop.post("/chaos/enable");
  shop.buy();
  EXPECT_EQ(shop.post("/admin/reset").body,
            R"({"message":"All state reset successfully","reset_products":true,)"
            R"("reset_checkouts":true,"reset_chaos":true})");
  EXPECT_EQ(dump_json(shop.get("/chaos/config")), kQuiet);
  EXPECT_EQ(shop.get("/stats").at("checkout_count"), 0);
  EXPECT_EQ(shop.price(), 13399);
}

}  // namespace
}  // namespace cartpilot::sandbox
