#include "conversation.h"

namespace cartpilot::gemini::tests {
namespace {

ToolSpec tool(const std::string& name, const std::string& argument) {
  ToolSpec spec;
  spec.name = name;
  spec.description = "About " + name + ".";
  spec.parameters =
      Json::parse(R"({"type":"object","properties":{"items":{"type":"array","items":)"
                  R"({"type":"object","properties":{"quantity":{"type":"integer"}}}}}})");
  spec.parameters["properties"][argument] = Json{{"type", "string"}};
  spec.parameters["required"] = Json::array({argument});
  return spec;
}

/// A shop that always has the same two offers.
Json shop(const ToolCall& call) {
  const auto price = [](int cents) { return Json{{"amount", cents}, {"currency", "USD"}}; };
  if (call.name == "create_intent") return Json{{"id", "intent-1"}};
  if (call.name == "get_intent_offers") {
    return Json{{"items", Json::array({Json{{"id", "offer-1"}}, Json{{"id", "offer-2"}}})}};
  }
  if (call.name == "get_offer_details") {
    const bool first = call.arguments["offer_id"] == "offer-1";
    return Json{
        {"id", call.arguments["offer_id"]},
        {"items", Json::array({Json{{"product_id", first ? "p1" : "p2"},
                                    {"title", first ? "Über-Headphones" : "Plain Headphones"},
                                    {"price", price(first ? 8999 : 7999)}}})}};
  }
  if (call.name == "get_order_status") {
    return Json{{"id", "order-1"}, {"merchant_order_id", "ORD-7"}};
  }
  return Json{{"id", "checkout-1"}, {"order_id", "order-1"}, {"total", price(8638)}};
}

}  // namespace

std::vector<ToolSpec> shop_tools() {
  return {tool("create_intent", "query"),          tool("get_intent_offers", "intent_id"),
          tool("get_offer_details", "offer_id"),   tool("create_checkout", "offer_id"),
          tool("quote_checkout", "checkout_id"),   tool("request_approval", "checkout_id"),
          tool("approve_checkout", "checkout_id"), tool("confirm_checkout", "checkout_id"),
          tool("get_order_status", "order_id")};
}

Conversation::Conversation(fakes::FakeGemini& service, const Options& options, bool stream,
                           const std::string& key) {
  ProviderConfig config;
  config.environment = {{"GEMINI_API_KEY", key}, {"GEMINI_BASE_URL", service.url()}};
  config.options = options;
  config.transport = &client_;
  provider_ = std::make_unique<GeminiProvider>(config);
  request_.system = "You help people shop.";
  request_.tools = shop_tools();
  request_.stream = stream;
}

AnswerLog Conversation::answer() { return answer(CallContext()); }

AnswerLog Conversation::answer(const CallContext& context) {
  AnswerLog log;
  try {
    provider_->generate(request_, log, context);
  } catch (const Error& error) {
    log.on_error(error);
  }
  return log;
}

void Conversation::keep(const AnswerLog& log) {
  const Message message = log.message(request_.model.empty() ? "gemini-3.8-flash" : request_.model);
  request_.messages.push_back(message);
  Message results;
  results.role = Role::kTool;
  for (const ToolCall& call : tool_calls_of(message)) {
    ids.push_back(call.id);
    ToolResult result;
    result.call_id = call.id;
    result.name = call.name;
    result.content = shop(call);
    result.provider_metadata = call.provider_metadata;
    results.parts.insert(results.parts.begin(), result);  // in any order
  }
  if (!results.parts.empty()) request_.messages.push_back(results);
}

std::string Conversation::say(const std::string& text) {
  request_.messages.push_back(Message::user(text));
  for (int round = 0; round < 12; ++round) {
    const AnswerLog log = answer();
    if (log.error) return log.lines.back();
    keep(log);
    const Message& newest = request_.messages.back();
    if (newest.role == Role::kAssistant) return text_of(newest);
  }
  return "no end";
}

}  // namespace cartpilot::gemini::tests
