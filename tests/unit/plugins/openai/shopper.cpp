#include "shopper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cartpilot::openai::testing {

Json shop_answer(const ToolCall& call) {
  const auto price = [](int cents) { return Json{{"amount", cents}, {"currency", "USD"}}; };
  const auto offer = [&](const char* id, const char* product, int cents) {
    return Json{{"id", id},
                {"items", Json::array({Json{{"product_id", product},
                                            {"title", "Ears \xF0\x9F\x8E\xA7"},
                                            {"price", price(cents)}}})}};
  };
  if (call.name == "create_intent") return {{"id", "intent-1"}};
  if (call.name == "get_intent_offers") {
    return {{"items", Json::array({Json{{"id", "offer-a"}}, Json{{"id", "offer-b"}}})}};
  }
  if (call.name == "get_offer_details") {
    const bool a = call.arguments.at("offer_id") == "offer-a";
    return a ? offer("offer-a", "p-1", 7999) : offer("offer-b", "p-2", 5999);
  }
  if (call.name == "approve_checkout") return {{"id", "co-1"}, {"status", "approved"}};
  if (call.name == "confirm_checkout")
    return {{"order_id", "order-1"}, {"merchant_order_id", "ORD-77"}};
  if (call.name == "get_order_status") return {{"id", "order-1"}, {"merchant_order_id", "ORD-77"}};
  return {{"id", "co-1"}, {"total", price(6479)}};
}

std::string Shopper::says(const std::string& text) {
  history.push_back(Message::user(text));
  for (int round = 0; round < 12; ++round) {
    GenerateRequest request;
    request.model = model;
    request.system = "You are a shopping assistant.";
    request.messages = history;
    request.tools = shop_tools();
    request.stream = stream;
    MessageSink sink;
    provider.generate(request, sink, context);
    for (const std::string& warning : sink.warnings) warnings.push_back(warning);
    usages += sink.usages;
    history.push_back(sink.message);
    const std::vector<ToolCall> calls = tool_calls_of(sink.message);
    if (calls.empty()) return text_of(sink.message);
    answer(calls);
  }
  return "no end";
}

void Shopper::answer(const std::vector<ToolCall>& calls) {
  Message results;
  results.role = Role::kTool;
  std::string round;
  for (const ToolCall& call : calls) {
    EXPECT_EQ(call.arguments_error, "");
    EXPECT_TRUE(ids.insert(call.id).second) << "one id for two calls: " << call.id;
    EXPECT_THAT(dump_json(call.arguments), ::testing::Not(::testing::HasSubstr("null")));
    round += (round.empty() ? "" : "+") + call.name;
    results.parts.push_back(
        ToolResult{call.id, call.name, shop_answer(call), false, call.provider_metadata});
  }
  steps.push_back(round);
  history.push_back(results);
}

const std::vector<std::string>& purchase_steps() {
  static const std::vector<std::string> kSteps = {
      "create_intent",    "get_intent_offers", "get_offer_details+get_offer_details",
      "create_checkout",  "quote_checkout",    "request_approval",
      "approve_checkout", "confirm_checkout",  "get_order_status"};
  return kSteps;
}

}  // namespace cartpilot::openai::testing
