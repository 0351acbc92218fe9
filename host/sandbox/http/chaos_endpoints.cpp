// The handles by which a person stirs up a merchant: chaos scenarios, prices, stock.
#include "sandbox/http/endpoints.h"
#include "sandbox/wire/json_views.h"
#include "sandbox/wire/refusal.h"
#include "sandbox/wire/request_validation.h"

namespace cartpilot::sandbox {
namespace {

const std::vector<std::string>& scenario_names() {
  static const std::vector<std::string> names(kScenarioNames.begin(), kScenarioNames.end());
  return names;
}

Response config_response(const Chaos& chaos) { return json_response(200, view(chaos.config())); }

// The scenarios that are listed change, the four parameters fall back to their defaults.
Response post_configure(const Call& call, Chaos& chaos) {
  const Json body = read_body(call.request);
  Fields fields(body, Json::array({"body"}));
  ChaosConfig config;
  config.on = chaos.config().on;
  const Json scenarios = fields.switches("scenarios", scenario_names());
  for (const auto& [name, on] : scenarios.items()) {
    config.on[static_cast<std::size_t>(*find_scenario(name))] = on.get<bool>();
  }
  config.price_change_percent =
      fields.integer_or("price_change_percent", config.price_change_percent, {1, 50});
  config.out_of_stock_probability =
      fields.number_or("out_of_stock_probability", config.out_of_stock_probability, 0, 1);
  config.duplicate_webhook_count =
      fields.integer_or("duplicate_webhook_count", config.duplicate_webhook_count, {2, 10});
  config.webhook_delay_seconds =
      fields.number_or("webhook_delay_seconds", config.webhook_delay_seconds, 0.5, 30);
  fields.check();
  chaos.configure(config);
  return config_response(chaos);
}

Response switch_one(const Call& call, Chaos& chaos, bool on) {
  const std::optional<Scenario> scenario = find_scenario(call.ids[0]);
  if (!scenario) {
    const std::string expected = quoted_choices(scenario_names());
    throw ValidationRefusal(Json::array({{{"type", "enum"},
                                          {"loc", Json::array({"path", "scenario"})},
                                          {"msg", "Input should be " + expected},
                                          {"input", call.ids[0]},
                                          {"ctx", {{"expected", expected}}}}}));
  }
  chaos.switch_scenario(*scenario, on);
  return config_response(chaos);
}

Response switch_all(Chaos& chaos, bool on) {
  chaos.switch_all(on);
  return config_response(chaos);
}

Response get_events(const Call& call, const Chaos& chaos) {
  Fields fields(call.query, Json::array({"query"}));
  const std::int64_t limit = fields.integer_or("limit", 50, {.least = 1, .most = 100});
  const std::string scenario = fields.choice("scenario", scenario_names());
  const std::string session_id = fields.optional_text("checkout_id").value_or("");
  fields.check();
  return json_response(
      200, {{"events", chaos.events(static_cast<std::size_t>(limit), scenario, session_id)},
            {"total", chaos.event_count()}});
}

Response trigger_price_change(const Call& call, Merchant& merchant) {
  Fields fields(call.query, Json::array({"query"}));
  const bool up = fields.flag_or("increase", true);
  fields.check();
  const Merchant::PriceChange change = merchant.shift_price(call.ids[0], up);
  const std::int64_t difference = change.new_cents - change.old_cents;
  return json_response(200, {{"product_id", call.ids[0]},
                             {"old_price", change.old_cents},
                             {"new_price", change.new_cents},
                             {"change", difference},
                             {"change_percent", up ? 15 : -15}});
}

Response trigger_out_of_stock(const Call& call, Merchant& merchant) {
  const std::string variant_id = string_or(call.query, "variant_id");
  if (variant_id.empty()) {
    merchant.empty_stock(call.ids[0]);
  } else {
    merchant.empty_variant(call.ids[0], variant_id);
  }
  return json_response(200, {{"product_id", call.ids[0]},
                             {"variant_id", variant_id.empty() ? Json() : Json(variant_id)},
                             {"in_stock", false}});
}

// Turns "no such product" into the merchant's own answer.
Router::Handler about_product(Merchant& merchant, Response (*act)(const Call&, Merchant&)) {
  return [&merchant, act](const Call& call) {
    try {
      return act(call, merchant);
    } catch (const Error& error) {
      if (error.code != ErrorCode::kNotFound) throw;
      throw MerchantRefusal(404, "PRODUCT_NOT_FOUND", "Product not found: " + call.ids[0]);
    }
  };
}

void add_admin_endpoints(Router& router, Merchant& merchant) {
  router.add("POST", "/admin/reset", [&merchant](const Call&) {
    merchant.reset();
    return json_response(200, {{"message", "All state reset successfully"},
                               {"reset_products", true},
                               {"reset_checkouts", true},
                               {"reset_chaos", true}});
  });
  router.add("POST", "/admin/trigger-price-change/{}",
             about_product(merchant, trigger_price_change));
  router.add("POST", "/admin/trigger-out-of-stock/{}",
             about_product(merchant, trigger_out_of_stock));
  router.add("POST", "/admin/reset-product/{}",
             about_product(merchant, [](const Call& call, Merchant& shop) {
               shop.reset_goods(call.ids[0]);
               return json_response(200, {{"product_id", call.ids[0]}, {"reset", true}});
             }));
}

}  // namespace

void add_chaos_endpoints(Router& router, Merchant& merchant) {
  Chaos& chaos = *merchant.chaos();
  router.add("GET", "/chaos/config", [&chaos](const Call&) { return config_response(chaos); });
  router.add("POST", "/chaos/configure",
             [&chaos](const Call& call) { return post_configure(call, chaos); });
  router.add("POST", "/chaos/enable", [&chaos](const Call&) { return switch_all(chaos, true); });
  router.add("POST", "/chaos/disable", [&chaos](const Call&) { return switch_all(chaos, false); });
  router.add("POST", "/chaos/scenarios/{}/enable",
             [&chaos](const Call& call) { return switch_one(call, chaos, true); });
  router.add("POST", "/chaos/scenarios/{}/disable",
             [&chaos](const Call& call) { return switch_one(call, chaos, false); });
  router.add("GET", "/chaos/events",
             [&chaos](const Call& call) { return get_events(call, chaos); });
  router.add("DELETE", "/chaos/events", [&chaos](const Call&) {
    return json_response(200, {{"cleared", chaos.clear_events()}});
  });
  router.add("POST", "/chaos/reset", [&chaos](const Call&) {
    chaos.reset();
    return config_response(chaos);
  });
  router.add("POST", "/chaos/flush-webhooks", [&merchant](const Call&) {
    return json_response(200, {{"flushed", merchant.webhooks().flush()}});
  });
  add_admin_endpoints(router, merchant);
}

}  // namespace cartpilot::sandbox
