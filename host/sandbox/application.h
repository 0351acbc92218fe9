// Application: the API without its sockets: one request in, one answer out.
//
// Owns the store, the merchants and the services. One lock serialises all requests, and every POST
// is one transaction: what was answered is stored, what failed with 500 is not. Any thread may call
// any member.
#pragma once

#include <mutex>
#include <string>

#include "sandbox/checkout_service.h"
#include "sandbox/http_message.h"
#include "sandbox/idempotency.h"
#include "sandbox/intent_service.h"
#include "sandbox/merchants.h"
#include "sandbox/order_service.h"
#include "sandbox/router.h"
#include "sandbox/sandbox_store.h"

namespace cartpilot::sandbox {

class Application {
 public:
  /// Throws Error{kUnavailable} when the database cannot be used.
  Application(const std::string& db_path, std::string api_key, Clock clock);

  /// Never throws; an unexpected failure is a 500.
  Response handle(const Request& request);

  /// Throw Error{kNotFound} for an unknown merchant or product.
  void change_price(const std::string& merchant_id, const std::string& product_id,
                    std::int64_t cents);
  void empty_stock(const std::string& merchant_id, const std::string& product_id);

 private:
  Response answer(const Request& request, const std::string& request_id);
  Response answer_once(const Request& request, const std::string& request_id) const;
  Response route(const Request& request, const std::string& request_id) const;
  Merchant& merchant(const std::string& id) const;

  std::mutex mutex_;
  const std::string api_key_;
  const Clock clock_;
  SandboxStore store_;
  Merchants merchants_;
  IntentService intents_;
  OrderService orders_;
  CheckoutService checkouts_;
  Idempotency idempotency_;
  Router router_;
};

}  // namespace cartpilot::sandbox
