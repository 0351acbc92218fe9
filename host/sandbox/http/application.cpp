#include "sandbox/http/application.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/random.h"
#include "sandbox/http/authorization.h"
#include "sandbox/http/cross_origin.h"
#include "sandbox/http/endpoints.h"
#include "sandbox/http/origin_guard.h"
#include "sandbox/service/identifiers.h"
#include "sandbox/wire/refusal.h"

namespace cartpilot::sandbox {
namespace {

constexpr const char* kRequestId = "X-Request-ID";
// Not of the real service: how a client on this machine knows that money here is play money.
constexpr const char* kSandboxId = "X-CartPilot-Sandbox";

std::vector<std::unique_ptr<Merchant>> both_merchants(SandboxStore& store,
                                                      const Application::Options& options,
                                                      std::vector<OutgoingWebhook>& outbox) {
  std::vector<std::unique_ptr<Merchant>> merchants;
  for (const Merchant::Profile& profile : {merchant_a_profile(), merchant_b_profile()}) {
    merchants.push_back(
        std::make_unique<Merchant>(profile, store, options.clock, options.chaos_seed, outbox));
  }
  return merchants;
}

// Made once for a database.
std::string lasting_id(SandboxStore& store) {
  constexpr const char* kSetting = "sandbox_id";
  if (const auto known = store.find_setting(kSetting)) return *known;
  std::string id;
  store.transaction([&] {
    id = store.find_setting(kSetting).value_or("");
    if (!id.empty()) return;  // another process was faster
    id = base::random_uuid();
    store.save_setting(kSetting, id);
  });
  return id;
}

Response coded_error(int status, const std::string& code, const std::string& message,
                     const std::string& request_id) {
  return json_response(status, {{"error_code", code},
                                {"message", message},
                                {"details", Json::array()},
                                {"request_id", request_id}});
}

Response internal_error(const std::string& request_id) {
  Response response = coded_error(500, "INTERNAL_ERROR", "An internal error occurred", request_id);
  response.headers.emplace_back(kRequestId, request_id);
  return response;
}

// The id in /checkouts/{id}/confirm; "" for any other request.
std::string confirmed_id(const Request& request) {
  constexpr std::string_view kBefore = "/checkouts/";
  constexpr std::string_view kAfter = "/confirm";
  const std::string path = path_of(request.target);
  if (!path.starts_with(kBefore) || !path.ends_with(kAfter)) return "";
  if (path.size() <= kBefore.size() + kAfter.size()) return "";
  return path.substr(kBefore.size(), path.size() - kBefore.size() - kAfter.size());
}

}  // namespace

Application::Application(Options options)
    : options_(std::move(options)),
      store_(options_.db_path),
      merchants_(both_merchants(store_, options_, outbox_)),
      intents_(store_, merchants_, options_.clock),
      orders_(store_, options_.clock, options_.strict),
      checkouts_(store_, merchants_, orders_, options_.clock, options_.strict),
      webhooks_(store_, orders_, options_.clock, options_.webhook_secret),
      idempotency_(store_, options_.clock, options_.strict) {
  id_ = lasting_id(store_);
  add_service_endpoints(router_, merchants_);
  add_intent_endpoints(router_, intents_);
  add_checkout_endpoints(router_, checkouts_);
  add_order_endpoints(router_, orders_);
  add_webhook_endpoints(router_, webhooks_);
  add_description_endpoints(router_);
  for (const auto& merchant : merchants_.all()) {
    Router& shop = shops_[merchant->id()];
    add_shop_endpoints(shop, *merchant);
    if (merchant->chaos() != nullptr) add_chaos_endpoints(shop, *merchant);
  }
}

Response Application::guarded(const Request& request, const std::function<Response()>& work) {
  std::vector<OutgoingWebhook> webhooks;
  Delivery delivery;
  Response response;
  {
    const std::lock_guard lock(mutex_);
    if (!changes_state(request)) return work();
    try {
      store_.transaction([&] { response = work(); });
    } catch (...) {
      outbox_.clear();
      for (const auto& merchant : merchants_.all()) merchant->reload();
      throw;
    }
    webhooks.swap(outbox_);
    if (!webhooks.empty()) delivery = delivery_;
  }
  if (delivery) delivery(std::move(webhooks));
  return response;
}

Response Application::handle(const Request& request) {
  Response response = handled(request);
  response.headers.emplace_back(kSandboxId, id_);
  return response;
}

Response Application::handled(const Request& request) {
  std::string request_id = request.header(kRequestId);
  try {
    if (std::optional<Response> refused = refuse_foreign(request)) return std::move(*refused);
    if (request_id.empty()) request_id = base::random_uuid();
    return options_.strict ? handle_strictly(request, request_id)
                           : handle_as_the_service_does(request, request_id);
  } catch (const std::exception&) {
    return internal_error(request_id);
  }
}

// What a request finds on arrival may no longer hold when it acts: requests in parallel with one
// key may all act, and of two confirmations one may lose the race.
Response Application::handle_as_the_service_does(const Request& request,
                                                 const std::string& request_id) {
  Arrival arrival = look_around(request);
  if (arrival.replayed) return std::move(*arrival.replayed);
  return guarded(request, [&] {
    Response response;
    if (arrival.unconfirmed) {
      Request noted = request;
      noted.came_unconfirmed = true;
      response = answer(noted, request_id);
    } else {
      response = answer(request, request_id);
    }
    if (Idempotency::applies_to(request)) idempotency_.remember(request, response);
    return response;
  });
}

Application::Arrival Application::look_around(const Request& request) {
  Arrival arrival;
  if (request.method != "POST") return arrival;
  const bool has_key = Idempotency::applies_to(request);
  const std::string checkout_id = confirmed_id(request);
  if (!has_key && checkout_id.empty()) return arrival;
  const std::lock_guard lock(mutex_);
  if (has_key) arrival.replayed = idempotency_.replay(request);
  arrival.unconfirmed = !checkout_id.empty() && !checkouts_.is_confirmed(checkout_id);
  return arrival;
}

// Look-up, effect and record are one transaction, behind the key check.
Response Application::handle_strictly(const Request& request, const std::string& request_id) {
  return guarded(request, [&] {
    const bool has_key = Idempotency::applies_to(request);
    const bool allowed =
        !refuse_unauthorized(request, path_of(request.target), options_.api_key).has_value();
    if (has_key && allowed) {
      if (std::optional<Response> replayed = idempotency_.replay(request)) {
        return std::move(*replayed);
      }
    }
    Response response = answer(request, request_id);
    if (has_key) idempotency_.remember(request, response);
    return response;
  });
}

// The order of the layers is the service's: the request id outermost, then authentication,
// cross-origin headers and the routes.
Response Application::answer(const Request& request, const std::string& request_id) const {
  std::optional<Response> response =
      refuse_unauthorized(request, path_of(request.target), options_.api_key);
  if (!response) response = answer_preflight(request);
  if (!response) {
    response = route(request, request_id);
    allow_origin(request, *response);
  }
  response->headers.emplace_back(kRequestId, request_id);
  return std::move(*response);
}

Response Application::route(const Request& request, const std::string& request_id) const {
  try {
    return router_.answer(request, request_id);
  } catch (const Refusal& refusal) {
    return coded_error(refusal.status, refusal.code, refusal.what(), request_id);
  } catch (const ValidationRefusal& refusal) {
    return json_response(422, {{"detail", refusal.problems}});
  } catch (const UnreadableBody& unreadable) {
    return plain_error(400, unreadable.what());
  }
}

Response Application::handle_shop(const std::string& merchant_id, const Request& request) {
  try {
    if (std::optional<Response> refused = refuse_foreign(request)) return std::move(*refused);
    return guarded(request, [&] {
      try {
        return shops_.at(merchant_id).answer(request);
      } catch (const MerchantRefusal& refusal) {
        Response response;
        response.status = refusal.status;
        response.body = refusal.body();
        return response;
      } catch (const ValidationRefusal& refusal) {
        return json_response(422, {{"detail", refusal.problems}});
      } catch (const UnreadableBody& unreadable) {
        return plain_error(400, unreadable.what());
      }
    });
  } catch (const std::exception&) {
    return plain_error(500, "Internal Server Error");
  }
}

void Application::deliver_with(Delivery delivery) {
  const std::lock_guard lock(mutex_);
  delivery_ = std::move(delivery);
}

Merchant& Application::merchant(const std::string& id) const {
  Merchant* found = merchants_.find(id);
  if (found == nullptr) throw Error(ErrorCode::kNotFound, "the sandbox has no merchant " + id);
  return *found;
}

void Application::change_price(const std::string& merchant_id, const std::string& product_id,
                               std::int64_t cents) {
  const std::lock_guard lock(mutex_);
  merchant(merchant_id).change_price(product_id, cents);
}

void Application::empty_stock(const std::string& merchant_id, const std::string& product_id) {
  const std::lock_guard lock(mutex_);
  merchant(merchant_id).empty_stock(product_id);
}

void Application::set_state(const std::string& merchant_id, MerchantState state) {
  const std::lock_guard lock(mutex_);
  merchant(merchant_id).set_state(state);
}

void Application::set_url(const std::string& merchant_id, const std::string& url) {
  const std::lock_guard lock(mutex_);
  merchant(merchant_id).set_url(url);
}

Chaos& Application::chaos() const { return *merchant(merchant_b_profile().id).chaos(); }

void Application::start_chaos(const std::vector<std::string>& scenarios) {
  ChaosConfig config;
  for (const std::string& name : scenarios) {
    const std::optional<Scenario> scenario = find_scenario(name);
    if (!scenario) {
      throw Error(ErrorCode::kInvalidArgument, fmt::format("no chaos scenario '{}'; there are {}",
                                                           name, fmt::join(kScenarioNames, ", ")));
    }
    config.on[static_cast<std::size_t>(*scenario)] = true;
  }
  const std::lock_guard lock(mutex_);
  ChaosConfig changed = chaos().config();
  changed.on = config.on;
  chaos().configure(changed);
}

std::vector<std::string> Application::running_chaos() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kScenarioNames.size(); ++i) {
    if (chaos().config().on[i]) names.emplace_back(kScenarioNames[i]);
  }
  return names;
}

}  // namespace cartpilot::sandbox
