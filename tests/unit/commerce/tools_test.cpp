#include "commerce/tools.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/commerce/client_fixture.h"
#include "unit/commerce/sample_bodies.h"

namespace cartpilot::commerce {
namespace {

using namespace fakes;
using testing::HasSubstr;

struct ToolsFixture : ClientFixture {
  ToolsFixture() = default;
  explicit ToolsFixture(ClientOptions options) : ClientFixture(std::move(options)) {}

  ToolOutcome call(const std::string& name, const Json& arguments) {
    return tools.call(name, arguments, context);
  }
  /// "POST http://.../x {body}" of the newest request.
  std::string sent() const {
    const HttpRequest request = transport.last();
    const std::string path = request.url.substr(client.options().base_url.size());
    return request.method + " " + path + (request.body.empty() ? "" : " " + request.body);
  }

  CartPilotTools tools{client};
};

Json offers_page() {
  return {{"total", 1},
          {"page", 1},
          {"page_size", 20},
          {"has_more", false},
          {"items", Json::array({offer_body()})},
          {"intent_id", "int-1"}};
}

TEST(CartPilotTools, turns_each_function_into_its_request_and_returns_the_servers_json) {
  struct Row {
    std::string name;
    std::string arguments;
    std::string request;
    Json answer;
  };
  const std::vector<Row> table = {
      {"create_intent", R"({"query":"lamp"})",
       R"(POST /intents {"query":"lamp","session_id":"conv-1"})", intent_body()},
      {"create_intent", R"({"query":"lamp","session_id":"mine"})",
       R"(POST /intents {"query":"lamp","session_id":"mine"})", intent_body()},
      {"create_intent", R"({"query":"lamp","session_id":""})",
       R"(POST /intents {"query":"lamp","session_id":"conv-1"})", intent_body()},
      {"get_intent_offers", R"({"intent_id":"int-1"})",
       "GET /intents/int-1/offers?page=1&page_size=20", offers_page()},
      {"get_intent_offers", R"({"intent_id":"int-1","page":3,"page_size":50})",
       "GET /intents/int-1/offers?page=3&page_size=50", offers_page()},
      {"get_intent_offers", R"({"intent_id":"int-1","page":0,"page_size":101})",
       "GET /intents/int-1/offers?page=1&page_size=100", offers_page()},
      {"get_intent_offers", R"({"intent_id":"int-1","page":-7,"page_size":0})",
       "GET /intents/int-1/offers?page=1&page_size=1", offers_page()},
      {"get_offer_details", R"({"offer_id":"off-1"})", "GET /offers/off-1", offer_body()},
      {"create_checkout", R"({"offer_id":"off-1","items":[{"product_id":"p1","quantity":2}]})",
       R"(POST /checkouts {"offer_id":"off-1","items":[{"product_id":"p1","quantity":2}]})",
       created_checkout_body()},
      {"create_checkout",
       R"({"idempotency_key":"key-1","items":[{"quantity":2,"variant_id":"v1","product_id":"p1"},
           {"product_id":"p2","variant_id":"","quantity":1}],"offer_id":"off-1"})",
       R"(POST /checkouts {"offer_id":"off-1","items":[{"product_id":"p1","variant_id":"v1",)"
       R"("quantity":2},{"product_id":"p2","quantity":1}],"idempotency_key":"key-1"})",
       created_checkout_body()},
      {"get_checkout", R"({"checkout_id":"chk-1"})", "GET /checkouts/chk-1",
       frozen_checkout_body()},
      {"quote_checkout", R"({"checkout_id":"chk-1","items":[{"product_id":"p1","quantity":2}]})",
       R"(POST /checkouts/chk-1/quote {"items":[{"product_id":"p1","quantity":2}]})",
       frozen_checkout_body()},
      {"quote_checkout",
       R"({"checkout_id":"chk-1","items":[{"product_id":"p1","quantity":2}],
           "customer_email":"ann@example.com"})",
       R"(POST /checkouts/chk-1/quote {"items":[{"product_id":"p1","quantity":2}],)"
       R"("customer_email":"ann@example.com"})",
       frozen_checkout_body()},
      {"request_approval", R"({"checkout_id":"chk-1"})",
       "POST /checkouts/chk-1/request-approval {}", frozen_checkout_body()},
      {"get_order_status", R"({"order_id":"ord-1"})", "GET /orders/ord-1", order_body()},
      {"list_orders", "{}", "GET /orders?page=1&page_size=20", order_page_body()},
      {"list_orders", R"({"status":"shipped","merchant_id":"merchant-a","page":2,"page_size":5})",
       "GET /orders?page=2&page_size=5&status=shipped&merchant_id=merchant-a", order_page_body()},
      {"list_orders", R"({"page":0,"page_size":101})", "GET /orders?page=1&page_size=100",
       order_page_body()},
      {"list_orders", R"({"page":-7,"page_size":-1})", "GET /orders?page=1&page_size=1",
       order_page_body()},
      {"list_orders", R"({"page":9223372036854775807})", "GET /orders?page=1000000&page_size=20",
       order_page_body()},
      {"list_orders", R"({"status":"","merchant_id":null})", "GET /orders?page=1&page_size=20",
       order_page_body()},
  };
  for (const Row& row : table) {
    ToolsFixture f({.session_id = "conv-1"});
    f.transport.answer(200, dump_json(row.answer));
    const ToolOutcome outcome = f.call(row.name, parse_json(row.arguments));
    EXPECT_TRUE(outcome.ok) << row.name << dump_json(outcome.content);
    EXPECT_EQ(f.sent(), row.request);
    EXPECT_EQ(dump_json(outcome.content), dump_json(row.answer));
  }
}

Json page_without_offers(const std::string& intent_id) {
  Json page = offers_page();
  page["total"] = 0;
  page["items"] = Json::array();
  page["intent_id"] = intent_id;
  return page;
}

Json intent(const std::string& id, bool collected) {
  Json body = intent_body();
  body["id"] = id;
  body["session_id"] = "conv-7";
  body["offers_collected"] = collected;
  return body;
}

// The requests since the last time, as "METHOD path body".
std::vector<std::string> sent_in(ToolsFixture& f) {
  std::vector<std::string> list;
  for (const HttpRequest& request : f.transport.requests()) {
    const std::string path = request.url.substr(f.client.options().base_url.size());
    list.push_back(request.method + " " + path + (request.body.empty() ? "" : " " + request.body));
  }
  return list;
}

TEST(CartPilotTools, replaces_an_intent_that_an_outage_left_empty_by_a_new_one_once) {
  ToolsFixture f;
  Json found = offers_page();
  found["intent_id"] = "int-2";
  f.transport.answer(200, dump_json(page_without_offers("int-1")));
  f.transport.answer(200, dump_json(intent("int-1", true)));
  f.transport.answer(201, dump_json(intent("int-2", false)));
  f.transport.answer(200, dump_json(found));
  EXPECT_EQ(f.call("get_intent_offers", {{"intent_id", "int-1"}}).content, found);
  // From now on the old id stands for the new intent.
  f.transport.answer(200, dump_json(found));
  EXPECT_EQ(f.call("get_intent_offers", {{"intent_id", "int-1"}, {"page", 2}}).content, found);
  EXPECT_THAT(sent_in(f), testing::ElementsAre(
                              "GET /intents/int-1/offers?page=1&page_size=20", "GET /intents/int-1",
                              R"(POST /intents {"query":"lamp","session_id":"conv-7"})",
                              "GET /intents/int-2/offers?page=1&page_size=20",
                              "GET /intents/int-2/offers?page=2&page_size=20"));
}

TEST(CartPilotTools, does_not_replace_the_replacement) {
  ToolsFixture f;
  f.transport.answer(200, dump_json(page_without_offers("int-1")));
  f.transport.answer(200, dump_json(intent("int-1", true)));
  f.transport.answer(201, dump_json(intent("int-2", false)));
  f.transport.answer(200, dump_json(page_without_offers("int-2")));
  EXPECT_EQ(f.call("get_intent_offers", {{"intent_id", "int-1"}}).content,
            page_without_offers("int-2"));
  for (const char* id : {"int-1", "int-2"}) {
    f.transport.answer(200, dump_json(page_without_offers("int-2")));
    EXPECT_EQ(f.call("get_intent_offers", {{"intent_id", id}}).content,
              page_without_offers("int-2"));
  }
  EXPECT_EQ(f.transport.requests().size(), 6u);
}

TEST(CartPilotTools, leaves_an_intent_alone_that_cartpilot_will_ask_again_for) {
  ToolsFixture f;
  for (int i = 0; i < 2; ++i) {
    f.transport.answer(200, dump_json(page_without_offers("int-1")));
    f.transport.answer(200, dump_json(intent("int-1", false)));
    EXPECT_EQ(f.call("get_intent_offers", {{"intent_id", "int-1"}}).content,
              page_without_offers("int-1"));
  }
  EXPECT_EQ(f.transport.requests().size(), 4u);
}

TEST(CartPilotTools, keeps_the_empty_answer_when_no_new_intent_can_be_made) {
  ToolsFixture f;
  f.transport.answer(200, dump_json(page_without_offers("int-1")));
  f.transport.answer(200, dump_json(intent("int-1", true)));
  f.transport.answer(503, "");
  EXPECT_EQ(f.call("get_intent_offers", {{"intent_id", "int-1"}}).content,
            page_without_offers("int-1"));
}

TEST(CartPilotTools, sends_the_checkout_key_as_header_too) {
  ToolsFixture f;
  const Json arguments = parse_json(
      R"({"offer_id":"off-1","items":[{"product_id":"p1","quantity":1}],"idempotency_key":"k-1"})");
  f.transport.answer(201, dump_json(created_checkout_body()));
  f.call("create_checkout", arguments);
  EXPECT_EQ(header_value(f.transport.last().headers, "Idempotency-Key"), "k-1");
}

TEST(CartPilotTools, leaves_money_to_the_gate) {
  ToolsFixture f;
  for (const char* name : {"approve_checkout", "confirm_checkout"}) {
    const ToolOutcome outcome = f.call(name, {{"checkout_id", "chk-1"}});
    EXPECT_FALSE(outcome.ok);
    EXPECT_EQ(outcome.content["error_code"], "GATE_REQUIRED");
  }
  EXPECT_TRUE(f.transport.requests().empty());
}

TEST(CartPilotTools, answers_unknown_functions_with_an_error) {
  ToolsFixture f;
  const ToolOutcome outcome = f.call("refund_order", Json::object());
  EXPECT_FALSE(outcome.ok);
  EXPECT_EQ(outcome.content, (Json{{"error", true},
                                   {"error_code", "UNKNOWN_FUNCTION"},
                                   {"message", "CartPilot has no function refund_order"}}));
}

TEST(CartPilotTools, names_the_argument_that_is_wrong) {
  const std::vector<std::tuple<std::string, std::string, std::string>> table = {
      {"create_intent", "{}", "arguments.query is missing"},
      {"create_intent", "[]", "arguments must be an object, not array"},
      {"get_offer_details", R"({"offer_id":7})", "arguments.offer_id must be a string, not 7"},
      {"create_checkout", R"({"offer_id":"o","items":[{"product_id":"p","quantity":2.5}]})",
       "arguments.items[0].quantity must be an integer, not 2.5"},
      {"create_checkout", R"({"offer_id":"o","items":[{"product_id":"p","quantity":"2"}]})",
       "arguments.items[0].quantity must be an integer, not string"},
      {"quote_checkout", R"({"checkout_id":"c","items":{}})",
       "arguments.items must be a list, not object"},
      {"list_orders", R"({"page":"1"})", "arguments.page must be an integer, not string"},
  };
  for (const auto& [name, arguments, message] : table) {
    ToolsFixture f;
    const ToolOutcome outcome = f.call(name, parse_json(arguments));
    EXPECT_FALSE(outcome.ok);
    EXPECT_EQ(outcome.content,
              (Json{{"error", true}, {"error_code", "INVALID_ARGUMENTS"}, {"message", message}}));
    EXPECT_TRUE(f.transport.requests().empty());
  }
}

TEST(CartPilotTools, tells_the_model_what_the_merchant_said_and_what_to_do) {
  ToolsFixture f;
  f.transport.answer(
      400,
      R"({"error_code":"MERCHANT_ERROR","message":"[merchant-a] Failed to create quote: )"
      R"({\"error_code\":\"QUOTE_FAILED\",\"message\":\"Product not found: p9\",\"details\":[]}",)"
      R"("details":[],"request_id":"req-1"})",
      {{"content-type", "application/json"}, {"x-request-id", "req-1"}});
  const ToolOutcome outcome =
      f.call("quote_checkout",
             parse_json(R"({"checkout_id":"chk-1","items":[{"product_id":"p9","quantity":1}]})"));
  EXPECT_FALSE(outcome.ok);
  EXPECT_EQ(
      outcome.content,
      (Json{{"error", true},
            {"error_code", "MERCHANT_ERROR"},
            {"message",
             R"([merchant-a] Failed to create quote: {"error_code":"QUOTE_FAILED","message":)"
             R"("Product not found: p9","details":[]} (the merchant said QUOTE_FAILED: check )"
             R"(product_id, variant_id and quantity against the offer) [request req-1])"}}));
}

TEST(CartPilotTools, gives_advice_for_each_known_merchant_code) {
  for (const auto& [code, advice] : std::vector<std::pair<std::string, std::string>>{
           {"OUT_OF_STOCK", "sold out"},
           {"PRICE_CHANGED", "quote the checkout again"},
           {"INVALID_STATE", "can no longer be bought"},
           {"CHECKOUT_EXPIRED", "tell the person"}}) {
    CartPilotError error(ErrorCode::kInvalidArgument, "no");
    error.error_code = "MERCHANT_ERROR";
    error.merchant_code = code;
    EXPECT_THAT(string_or(tool_outcome_of(error).content, "message"),
                testing::AllOf(HasSubstr(code), HasSubstr(advice)));
  }
}

TEST(CartPilotTools, passes_field_problems_and_local_refusals_on) {
  ToolsFixture f;
  f.transport.answer(
      422, R"({"detail":[{"type":"too_short","loc":["body","items"],"msg":"List too short"}]})",
      {{"x-request-id", "req-2"}});
  EXPECT_EQ(f.call("create_intent", {{"query", "x"}}).content,
            (Json{{"error", true},
                  {"error_code", "VALIDATION_ERROR"},
                  {"message",
                   "CartPilot refused the request: body.items: List too short [request req-2]"}}));
  const Json refused = f.call("get_checkout", {{"checkout_id", "../orders"}}).content;
  EXPECT_EQ(refused["error_code"], "INVALID_ID");
  EXPECT_EQ(refused["message"],
            "checkout_id must be an id from an earlier answer: 1 to 64 letters, digits, - or _");
}

TEST(CartPilotTools, gives_every_function_its_effect) {
  std::map<std::string, EffectClass> effects;
  for (const ToolSpec& spec : cartpilot_tool_specs()) effects[spec.name] = spec.effect;
  EXPECT_EQ(effects, (std::map<std::string, EffectClass>{{"create_intent", EffectClass::kWrite},
                                                         {"get_intent_offers", EffectClass::kRead},
                                                         {"get_offer_details", EffectClass::kRead},
                                                         {"create_checkout", EffectClass::kWrite},
                                                         {"get_checkout", EffectClass::kRead},
                                                         {"quote_checkout", EffectClass::kWrite},
                                                         {"request_approval", EffectClass::kWrite},
                                                         {"approve_checkout", EffectClass::kMoney},
                                                         {"confirm_checkout", EffectClass::kMoney},
                                                         {"get_order_status", EffectClass::kRead},
                                                         {"list_orders", EffectClass::kRead}}));
}

}  // namespace
}  // namespace cartpilot::commerce
