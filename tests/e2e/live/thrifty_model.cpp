#include "thrifty_model.h"

#include <fmt/format.h>

#include <cstdint>

namespace cartpilot::e2e {

using fakes::ModelStep;
using fakes::ModelView;

namespace {

const Json& result_of(const ModelView& view, const std::string& function) {
  static const Json none = Json::object();
  for (auto result = view.results.rbegin(); result != view.results.rend(); ++result) {
    if (result->first == function) return result->second;
  }
  return none;
}

struct Choice {
  Json offer_id;
  Json items;
};

Choice cheapest(const Json& offers) {
  Choice best;
  std::int64_t lowest = INT64_MAX;
  for (const Json& offer : offers.value("items", Json::array())) {
    for (const Json& item : offer.value("items", Json::array())) {
      const std::int64_t price = integer_or(item.value("price", Json::object()), "amount");
      if (price >= lowest) continue;
      lowest = price;
      best = {offer.at("id"), {{{"product_id", item.at("product_id")}, {"quantity", 1}}}};
    }
  }
  return best;
}

ModelStep buy(const ModelView& view, const std::string& after) {
  const Json checkout = result_of(view, "request_approval").value("id", Json());
  if (after.empty()) {
    return {"",
            {{"approve_checkout", {{"checkout_id", checkout}}},
             {"confirm_checkout", {{"checkout_id", checkout}}}}};
  }
  return {"Done: " + string_or(view.results.back().second, "merchant_order_id"), {}};
}

}  // namespace

ModelStep thrifty_model(const ModelView& view) {
  if (view.user_texts.empty()) return {"Hello.", {}};
  const std::string after =
      view.last_is_result && !view.results.empty() ? view.results.back().first : "";
  const std::string& wish = view.user_texts.back();
  if (wish == "yes") return buy(view, after);
  const Choice choice = cheapest(result_of(view, "get_intent_offers"));
  if (wish.find("cheapest") == std::string::npos) {
    if (after.empty()) return {"", {{"create_intent", {{"query", wish}}}}};
    if (after == "create_intent") {
      const Json id = result_of(view, after).value("id", Json());
      return {"", {{"get_intent_offers", {{"intent_id", id}}}}};
    }
    return {"The cheapest is " + dump_json(choice.items), {}};
  }
  if (after.empty()) {
    return {"", {{"create_checkout", {{"offer_id", choice.offer_id}, {"items", choice.items}}}}};
  }
  if (after == "create_checkout") {
    const Json id = result_of(view, after).value("id", Json());
    return {"",
            {{"quote_checkout", {{"checkout_id", id}, {"items", choice.items}}},
             {"request_approval", {{"checkout_id", id}}}}};
  }
  return {"Shall I buy it?", {}};
}

ModelStep endless_model(const ModelView& view) {
  return {"", {{"create_intent", {{"query", fmt::format("lamp {}", view.results.size())}}}}};
}

}  // namespace cartpilot::e2e
