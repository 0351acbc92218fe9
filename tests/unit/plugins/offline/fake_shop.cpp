#include "fake_shop.h"

#include <gtest/gtest.h>

namespace cartpilot::offline {

namespace {

Json price(std::int64_t cents) { return {{"amount", cents}, {"currency", "USD"}}; }

Json item(const char* id, const char* title, const char* brand, std::int64_t cents,
          std::int64_t stock, const char* category = "Electronics > Audio > Headphones") {
  return {{"product_id", id},
          {"variant_id", nullptr},
          {"sku", "HEA-0200-000"},
          {"title", title},
          {"description", "Sound for every day."},
          {"brand", brand},
          {"category_path", category},
          {"price", price(cents)},
          {"quantity_available", stock},
          {"rating", 4.6}};
}

Json offer(const char* id, const char* merchant_id, const char* merchant, Json items) {
  return {{"id", id},
          {"intent_id", "intent-1"},
          {"merchant_id", merchant_id},
          {"items", std::move(items)},
          {"is_expired", false},
          {"metadata", {{"merchant_name", merchant}}}};
}

const Json& offers() {
  static const Json all = {
      offer("offer-b", "merchant-b", "Merchant B",
            Json::array({item("b1", "Stark Titan Headphones", "Stark", 13399, 3),
                         item("b2", "Acme Wireless Core Earbuds", "Acme", 14099, 2)})),
      offer("offer-a", "merchant-a", "Merchant A",
            Json::array({item("a1", "Fabrikam Wireless Classic Earbuds", "Fabrikam", 7999, 105),
                         item("a2", "Globex Wireless Pro Earbuds", "Globex", 15499, 80),
                         item("a3", "Wayne Wireless Lamp", "Wayne", 2999, 60,
                              "Home & Garden > Lighting > Desk Lamps")}))};
  return all;
}

constexpr const char* kOrder = R"({"id":"9048dc7c-47dc-40e6-a392-3bd6523428ee",
  "merchant_id":"merchant-a","merchant_order_id":"ORD-20261123004928-7700DA0F","status":"pending",
  "total":{"amount":8638,"currency":"USD"},"item_count":1})";

}  // namespace

std::vector<ToolSpec> shop_functions() {
  std::vector<ToolSpec> specs;
  for (const char* name :
       {"create_intent", "get_intent_offers", "get_offer_details", "create_checkout",
        "get_checkout", "quote_checkout", "request_approval", "approve_checkout",
        "confirm_checkout", "get_order_status", "list_orders"}) {
    ToolSpec spec;
    spec.name = name;
    spec.description = std::string("does ") + name;
    spec.parameters = {{"type", "object"}};
    specs.push_back(std::move(spec));
  }
  return specs;
}

FakeShop::FakeShop() {
  answer("create_intent", [](const Json& arguments) {
    return ToolOutcome{true, {{"id", "intent-1"}, {"query", arguments["query"]}}};
  });
  answer("get_intent_offers", [](const Json&) {
    return ToolOutcome{true, {{"total", 2}, {"items", offers()}, {"intent_id", "intent-1"}}};
  });
  answer("get_offer_details", [](const Json& arguments) {
    for (const Json& one : offers()) {
      if (one["id"] == arguments["offer_id"]) return ToolOutcome{true, one};
    }
    return tool_error("OFFER_NOT_FOUND", "Offer not found");
  });
  answer("create_checkout", [this](const Json&) {
    status_ = "created";
    return ToolOutcome{true, checkout(status_)};
  });
  answer("quote_checkout", [this](const Json& arguments) {
    quantity_ = arguments["items"][0]["quantity"].get<std::int64_t>();
    status_ = "quoted";
    quoted_price_ = unit_price_;
    return ToolOutcome{true, checkout(status_)};
  });
  answer("request_approval", [this](const Json&) {
    status_ = "awaiting_approval";
    return ToolOutcome{true, checkout(status_)};
  });
  answer("get_checkout", [this](const Json&) { return ToolOutcome{true, checkout(status_)}; });
  answer("approve_checkout", [this](const Json&) {
    status_ = "approved";
    return ToolOutcome{true, checkout(status_)};
  });
  answer("confirm_checkout", [this](const Json&) {
    status_ = "confirmed";
    return ToolOutcome{true,
                       {{"checkout_id", "checkout-1"},
                        {"merchant_order_id", "ORD-20261123004928-7700DA0F"},
                        {"order_id", "9048dc7c-47dc-40e6-a392-3bd6523428ee"},
                        {"status", "confirmed"},
                        {"total", price(8638)}}};
  });
  answer("get_order_status", ToolOutcome{true, parse_json(kOrder)});
  answer("list_orders", ToolOutcome{true, {{"total", 1}, {"items", {parse_json(kOrder)}}}});
}

Json FakeShop::checkout(const std::string& status) const {
  const bool quoted = status != "created";
  const std::int64_t subtotal = quoted_price_ * quantity_;
  const std::int64_t tax = subtotal * 8 / 100;
  Json made = {{"id", "checkout-1"},
               {"offer_id", "offer-a"},
               {"merchant_id", "merchant-a"},
               {"status", status},
               {"items", Json::array()},
               {"subtotal", nullptr},
               {"tax", nullptr},
               {"shipping", nullptr},
               {"total", nullptr},
               {"frozen_receipt", nullptr},
               {"merchant_order_id", nullptr}};
  if (!quoted) return made;
  made["items"] = Json::array({Json{{"product_id", "a1"},
                                    {"title", "Fabrikam Wireless Classic Earbuds"},
                                    {"unit_price", price(quoted_price_)},
                                    {"quantity", quantity_},
                                    {"line_total", price(subtotal)}}});
  made["subtotal"] = price(subtotal);
  made["tax"] = price(tax);
  made["shipping"] = price(0);
  made["total"] = price(subtotal + tax);
  if (status != "quoted") made["frozen_receipt"] = {{"total_cents", subtotal + tax}};
  if (status == "confirmed") made["merchant_order_id"] = "ORD-20261123004928-7700DA0F";
  return made;
}

ToolOutcome FakeShop::call(const std::string& name, const Json& arguments) {
  log.push_back(name + " " + dump_json(arguments));
  auto& once = once_[name];
  if (!once.empty()) {
    ToolOutcome outcome = once.front();
    once.erase(once.begin());
    return outcome;
  }
  return answers_.at(name)(arguments);
}

Turn Conversation::say(const std::string& text) {
  class Collector final : public EventSink {
   public:
    void on_event(const StreamEvent& event) override {
      EXPECT_FALSE(finished) << "an event came after the end";
      if (const auto* delta = std::get_if<TextDelta>(&event)) said += delta->text;
      if (const auto* call = std::get_if<ToolCallEvent>(&event)) calls.push_back(call->call);
      finished = std::holds_alternative<Finish>(event);
    }
    std::string said;
    std::vector<ToolCall> calls;
    bool finished = false;
  };

  request.messages.push_back(Message::user(text));
  Turn turn;
  for (int round = 0; round < 12; ++round) {
    Collector collector;
    provider.generate(request, collector, CallContext());
    EXPECT_TRUE(collector.finished);
    Message assistant;
    assistant.role = Role::kAssistant;
    assistant.provider = "offline";
    if (!collector.said.empty()) assistant.parts.emplace_back(TextPart{collector.said, nullptr});
    for (const ToolCall& call : collector.calls) assistant.parts.emplace_back(call);
    request.messages.push_back(std::move(assistant));
    if (collector.calls.empty()) {
      turn.text = collector.said;
      return turn;
    }
    Message results;
    results.role = Role::kTool;
    turn.steps.emplace_back();
    for (const ToolCall& call : collector.calls) {
      turn.calls.push_back(call.name);
      turn.steps.back().push_back(call.name);
      const ToolOutcome outcome = shop_.call(call.name, call.arguments);
      results.parts.emplace_back(
          ToolResult{call.id, call.name, outcome.content, !outcome.ok, nullptr});
    }
    request.messages.push_back(std::move(results));
  }
  ADD_FAILURE() << "the turn does not end: " << text;
  return turn;
}

}  // namespace cartpilot::offline
