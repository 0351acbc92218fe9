#include "fakes/shopping_model.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>

namespace cartpilot::fakes {

namespace {

using Calls = std::vector<std::pair<std::string, Json>>;

ModelStep say(std::string text) { return {std::move(text), {}}; }
ModelStep call(std::string name, Json arguments) {
  return {"", Calls{{std::move(name), std::move(arguments)}}};
}

/// The newest result of `function`, null when there is none.
const Json* newest(const ModelView& view, const std::string& function) {
  for (auto result = view.results.rbegin(); result != view.results.rend(); ++result) {
    if (result->first == function) return &result->second;
  }
  return nullptr;
}

std::string price_text(const Json& price) {
  const std::int64_t cents = integer_or(price, "amount");
  return fmt::format("{}.{:02} {}", cents / 100, cents % 100, string_or(price, "currency"));
}

std::int64_t cents_of(const Json& item) {
  return integer_or(item.value("price", Json::object()), "amount");
}

struct Choice {
  std::string offer_id;
  Json item;
};

/// The cheapest item of the newest offers whose details were read.
std::optional<Choice> cheapest(const ModelView& view) {
  std::optional<Choice> best;
  int offers = 0;
  for (auto result = view.results.rbegin(); result != view.results.rend() && offers < 2; ++result) {
    if (result->first != "get_offer_details") continue;
    ++offers;
    for (const Json& item : result->second.value("items", Json::array())) {
      if (!best || cents_of(item) < cents_of(best->item)) {
        best = Choice{string_or(result->second, "id"), item};
      }
    }
  }
  return best;
}

ModelStep search(const ModelView& view, const std::string& after) {
  if (after.empty()) return call("create_intent", {{"query", view.user_texts.back()}});
  const Json& result = view.results.back().second;
  if (after == "create_intent") {
    return call("get_intent_offers", {{"intent_id", string_or(result, "id")}});
  }
  if (after == "get_intent_offers") {
    ModelStep step;
    for (const Json& offer : result.value("items", Json::array())) {
      if (step.calls.size() == 2) break;
      step.calls.emplace_back("get_offer_details", Json{{"offer_id", string_or(offer, "id")}});
    }
    return step.calls.empty() ? say("No shop answered.") : step;
  }
  const auto best = cheapest(view);
  if (!best) return say("No shop has that.");
  return say(fmt::format("The cheapest is {} for {}.", string_or(best->item, "title"),
                         price_text(best->item.at("price"))));
}

ModelStep prepare(const ModelView& view, const std::string& after) {
  const auto best = cheapest(view);
  if (!best) return say("Tell me first what you need.");
  const Json items =
      Json::array({Json{{"product_id", string_or(best->item, "product_id")}, {"quantity", 1}}});
  if (after.empty()) {
    return call("create_checkout", {{"offer_id", best->offer_id}, {"items", items}});
  }
  const Json& checkout = view.results.back().second;
  const std::string id = string_or(checkout, "id");
  if (after == "create_checkout") {
    return call("quote_checkout", {{"checkout_id", id}, {"items", items}});
  }
  if (after == "quote_checkout") return call("request_approval", {{"checkout_id", id}});
  return say(fmt::format("The total is {}. Shall I buy it?", price_text(checkout.at("total"))));
}

ModelStep buy(const ModelView& view, const std::string& after) {
  const Json* checkout = newest(view, "request_approval");
  if (checkout == nullptr) return say("There is nothing to buy yet.");
  const Json checkout_id = {{"checkout_id", string_or(*checkout, "id")}};
  if (after.empty()) return call("approve_checkout", checkout_id);
  const Json& result = view.results.back().second;
  if (after == "approve_checkout") return call("confirm_checkout", checkout_id);
  if (after == "confirm_checkout") {
    return call("get_order_status", {{"order_id", string_or(result, "order_id")}});
  }
  return say(fmt::format("Done: order {}", string_or(result, "merchant_order_id")));
}

}  // namespace

ModelStep shopping_model(const ModelView& view) {
  if (view.user_texts.empty()) return say("Hello.");
  // The result this answer follows, "" right after the person spoke.
  std::string after;
  if (view.last_is_result && !view.results.empty()) {
    after = view.results.back().first;
    const Json& result = view.results.back().second;
    const bool unknown = string_or(result, "status") == "unknown";
    if (unknown || (result.is_object() && result.contains("error"))) {
      return say(fmt::format("That did not work: {}", string_or(result, "message")));
    }
  }
  const std::string& wish = view.user_texts.back();
  if (wish == "yes") return buy(view, after);
  if (wish.find("cheapest") != std::string::npos) return prepare(view, after);
  return search(view, after);
}

}  // namespace cartpilot::fakes
