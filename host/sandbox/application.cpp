#include "sandbox/application.h"

#include "sandbox/authorization.h"
#include "sandbox/cross_origin.h"
#include "sandbox/endpoints.h"
#include "sandbox/identifiers.h"
#include "sandbox/refusal.h"

namespace cartpilot::sandbox {
namespace {

constexpr const char* kRequestId = "X-Request-ID";

std::vector<std::unique_ptr<Merchant>> both_merchants(SandboxStore& store, const Clock& clock) {
  std::vector<std::unique_ptr<Merchant>> merchants;
  merchants.push_back(std::make_unique<Merchant>(merchant_a_profile(), store, clock));
  merchants.push_back(std::make_unique<Merchant>(merchant_b_profile(), store, clock));
  return merchants;
}

Response coded_error(int status, const std::string& code, const std::string& message,
                     const std::string& request_id) {
  return json_response(status, {{"error_code", code},
                                {"message", message},
                                {"details", Json::array()},
                                {"request_id", request_id}});
}

}  // namespace

Application::Application(const std::string& db_path, std::string api_key, Clock clock)
    : api_key_(std::move(api_key)),
      clock_(std::move(clock)),
      store_(db_path),
      merchants_(both_merchants(store_, clock_)),
      intents_(store_, merchants_, clock_),
      orders_(store_, clock_),
      checkouts_(store_, merchants_, orders_, clock_),
      idempotency_(store_, clock_) {
  add_service_endpoints(router_, merchants_);
  add_intent_endpoints(router_, intents_, clock_);
  add_checkout_endpoints(router_, checkouts_);
  add_order_endpoints(router_, orders_);
}

Response Application::handle(const Request& request) {
  std::string request_id = request.header(kRequestId);
  try {
    if (request_id.empty()) request_id = new_uuid();
    const std::lock_guard lock(mutex_);
    if (request.method != "POST") return answer(request, request_id);
    Response response;
    store_.transaction([&] { response = answer(request, request_id); });
    return response;
  } catch (const std::exception&) {
    Response response =
        coded_error(500, "INTERNAL_ERROR", "An internal error occurred", request_id);
    response.headers.emplace_back(kRequestId, request_id);
    return response;
  }
}

// The order of the layers is the service's: remembered answers first, then the request id,
// authentication, cross-origin headers and the routes.
Response Application::answer(const Request& request, const std::string& request_id) {
  if (!Idempotency::applies_to(request)) return answer_once(request, request_id);
  if (std::optional<Response> replayed = idempotency_.replay(request)) return std::move(*replayed);
  Response response = answer_once(request, request_id);
  idempotency_.remember(request, response);
  return response;
}

Response Application::answer_once(const Request& request, const std::string& request_id) const {
  std::optional<Response> response =
      refuse_unauthorized(request, path_of(request.target), api_key_);
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
    return router_.answer(request);
  } catch (const Refusal& refusal) {
    return coded_error(refusal.status, refusal.code, refusal.what(), request_id);
  } catch (const ValidationRefusal& refusal) {
    return json_response(422, {{"detail", refusal.problems}});
  } catch (const UnreadableBody& unreadable) {
    return plain_error(400, unreadable.what());
  }
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

}  // namespace cartpilot::sandbox
