#include "testing/pretend_shop.h"

namespace cartpilot::testing {
namespace {

Json object(const std::vector<std::string>& texts, bool items = false) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const std::string& name : texts) {
    properties[name] = {{"type", "string"}, {"description", "See the other functions."}};
    required.push_back(name);
  }
  if (items) {
    properties["items"] = parse_json(R"({"type":"array","description":"What is bought.","items":
        {"type":"object","required":["product_id","quantity"],"properties":
        {"product_id":{"type":"string"},"quantity":{"type":"integer","minimum":1}}}})");
    required.push_back("items");
  }
  return {{"type", "object"}, {"properties", properties}, {"required", required}};
}

ToolSpec spec(const std::string& name, const std::string& description, Json parameters,
              EffectClass effect) {
  ToolSpec made;
  made.name = name;
  made.description = description;
  made.parameters = std::move(parameters);
  made.effect = effect;
  return made;
}

/// The offers of the two merchants.
const Json& offer(const std::string& id) {
  static const Json offers = parse_json(R"({
    "offer-a":{"id":"offer-a","merchant_id":"merchant-a","items":[{"product_id":"quiet-1",
      "title":"Quiet One \u2013 \"over-ear\"","price":{"amount":8638,"currency":"USD"}}]},
    "offer-b":{"id":"offer-b","merchant_id":"merchant-b","items":[{"product_id":"loud-2",
      "title":"Loud Two","price":{"amount":9900,"currency":"USD"}}]}})");
  static const Json none;
  const auto found = offers.find(id);
  return found == offers.end() ? none : *found;
}

ModelStep say(std::string text) { return {std::move(text), {}}; }

ModelStep call(const std::string& name, Json arguments) {
  return {"", {{name, std::move(arguments)}}};
}

const Json& newest(const ModelView& view, const std::string& function) {
  static const Json none = Json::object();
  for (auto result = view.results.rbegin(); result != view.results.rend(); ++result) {
    if (result->first == function) return result->second;
  }
  return none;
}

ModelStep search(const ModelView& view, const std::string& after) {
  if (after.empty()) return call("create_intent", {{"query", view.user_texts.back()}});
  if (after == "create_intent") {
    return call("get_intent_offers", {{"intent_id", string_or(newest(view, after), "id")}});
  }
  if (after != "get_intent_offers") return say("The cheapest is Quiet One for 86.38 USD.");
  ModelStep step;
  for (const Json& found : newest(view, after).value("items", Json::array())) {
    step.calls.push_back({"get_offer_details", {{"offer_id", string_or(found, "id")}}});
  }
  return step;
}

ModelStep prepare(const ModelView& view, const std::string& after) {
  const Json items = {{{"product_id", "quiet-1"}, {"quantity", 1}}};
  if (after.empty()) return call("create_checkout", {{"offer_id", "offer-a"}, {"items", items}});
  const std::string id = string_or(newest(view, after), "id");
  if (after == "create_checkout") {
    return call("quote_checkout", {{"checkout_id", id}, {"items", items}});
  }
  if (after == "quote_checkout") return call("request_approval", {{"checkout_id", id}});
  return say("The total is 86.38 USD. Shall I buy it?");
}

ModelStep buy(const ModelView& view, const std::string& after) {
  const Json id = {{"checkout_id", string_or(newest(view, "request_approval"), "id")}};
  if (after.empty()) return call("approve_checkout", id);
  if (after == "approve_checkout") return call("confirm_checkout", id);
  return say("Done: order " + string_or(newest(view, after), "merchant_order_id"));
}

}  // namespace

const std::vector<std::string> kPurchaseWords = {"I need wireless headphones under $100",
                                                 "buy the cheapest", "yes"};

const std::vector<ToolSpec>& PretendShop::functions() {
  using Effect = EffectClass;
  static const std::vector<ToolSpec> all = {
      spec("create_intent", "Store a wish.", object({"query"}), Effect::kWrite),
      spec("get_intent_offers", "The offers for a wish.", object({"intent_id"}), Effect::kRead),
      spec("get_offer_details", "One offer in full.", object({"offer_id"}), Effect::kRead),
      spec("create_checkout", "Open a checkout.", object({"offer_id"}, true), Effect::kWrite),
      spec("quote_checkout", "The binding price.", object({"checkout_id"}, true), Effect::kWrite),
      spec("request_approval", "Freeze the receipt.", object({"checkout_id"}), Effect::kWrite),
      spec("approve_checkout", "Ask the person.", object({"checkout_id"}), Effect::kMoney),
      spec("confirm_checkout", "Place the order.", object({"checkout_id"}), Effect::kMoney)};
  return all;
}

ToolOutcome PretendShop::run(const ToolCall& call) {
  if (!call.arguments_error.empty()) return tool_error("BAD_ARGUMENTS", call.arguments_error);
  const auto text = [&](const char* name) { return string_or(call.arguments, name); };
  if (call.name == "create_intent") return {true, {{"id", "intent-1"}, {"query", text("query")}}};
  if (call.name == "get_intent_offers") {
    if (text("intent_id") != "intent-1") return tool_error("NOT_FOUND", "no such intent");
    return {true, {{"items", Json::array({offer("offer-a"), offer("offer-b")})}}};
  }
  if (call.name == "get_offer_details" || call.name == "create_checkout") {
    const Json& found = offer(text("offer_id"));
    if (found.is_null()) return tool_error("NOT_FOUND", "no offer " + text("offer_id"));
    if (call.name == "get_offer_details") return {true, found};
    const std::string id = "checkout-" + std::to_string(checkouts_.size() + 1);
    checkouts_[id] = State::kOpen;
    return {true, {{"id", id}, {"status", "created"}}};
  }
  return advance(call.name, text("checkout_id"));
}

ToolOutcome PretendShop::advance(const std::string& function, const std::string& checkout) {
  static const std::map<std::string, std::pair<State, State>> steps = {
      {"quote_checkout", {State::kOpen, State::kQuoted}},
      {"request_approval", {State::kQuoted, State::kFrozen}},
      {"approve_checkout", {State::kFrozen, State::kApproved}},
      {"confirm_checkout", {State::kApproved, State::kBought}}};
  const auto step = steps.find(function);
  if (step == steps.end()) return tool_error("UNKNOWN_FUNCTION", "there is no " + function);
  const auto found = checkouts_.find(checkout);
  if (found == checkouts_.end()) return tool_error("NOT_FOUND", "no checkout '" + checkout + "'");
  if (found->second != step->second.first) {
    return tool_error("WRONG_STATE", function + " does not fit the state of " + checkout);
  }
  found->second = step->second.second;
  Json result = {{"id", checkout}, {"total", {{"amount", 8638}, {"currency", "USD"}}}};
  if (found->second == State::kBought) {
    orders_.push_back("MA-" + std::to_string(1001 + orders_.size()));
    result["merchant_order_id"] = orders_.back();
  }
  return {true, result};
}

ModelStep buying_model(const ModelView& view) {
  if (view.user_texts.empty()) return say("Hello.");
  const bool answered = view.last_is_result && !view.results.empty();
  const std::string after = answered ? view.results.back().first : "";
  if (answered && view.results.back().second.contains("error")) {
    return say("That did not work: " + dump_json(view.results.back().second));
  }
  const std::string& wish = view.user_texts.back();
  if (wish == "yes") return buy(view, after);
  return wish.find("cheapest") == std::string::npos ? search(view, after) : prepare(view, after);
}

}  // namespace cartpilot::testing
