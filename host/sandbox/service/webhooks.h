// WebhookService: the receiving end of the merchants' webhooks.
//
// Checks come in the service's order and with its leniency: a request without signature passes, an
// event that does not fit the order's state is reported as processed and lost. Guarded by the
// application's lock.
#pragma once

#include <string>

#include "sandbox/http/message.h"
#include "sandbox/service/orders.h"
#include "sandbox/store/store.h"

namespace cartpilot::sandbox {

struct IncomingEvent {
  std::string id;
  std::string type;
  std::string merchant_id;
  Json data;
};

class WebhookService {
 public:
  WebhookService(SandboxStore& store, OrderService& orders, const Clock& clock, std::string secret)
      : store_(store), orders_(orders), clock_(clock), secret_(std::move(secret)) {}

  /// The answer to a valid body. Throws Refusal{400 MERCHANT_ID_MISMATCH, 401 INVALID_SIGNATURE}.
  Json receive(const IncomingEvent& event, const Request& request, const std::string& request_id);

  /// The stored event as the API shows it. Throws Refusal{404 EVENT_NOT_FOUND}.
  Json status(const std::string& merchant_id, const std::string& event_id);

 private:
  SandboxStore& store_;
  OrderService& orders_;
  const Clock& clock_;
  const std::string secret_;
};

}  // namespace cartpilot::sandbox
