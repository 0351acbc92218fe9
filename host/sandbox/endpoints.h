// The API's endpoints: each reads its request, calls one service and shows the result.
//
// The functions register handlers that keep references to the services; the services must outlive
// the router. Handlers run under the application's lock.
#pragma once

#include "sandbox/checkout_service.h"
#include "sandbox/intent_service.h"
#include "sandbox/merchants.h"
#include "sandbox/order_service.h"
#include "sandbox/router.h"

namespace cartpilot::sandbox {

/// /health, /ready, /merchants
void add_service_endpoints(Router& router, const Merchants& merchants);

/// /intents, /intents/{}, /intents/{}/offers, /offers/{}
void add_intent_endpoints(Router& router, IntentService& intents, const Clock& clock);

/// /checkouts, /checkouts/{}, and its quote, request-approval, approve, confirm
void add_checkout_endpoints(Router& router, CheckoutService& checkouts);

/// /orders, /orders/{}, and its cancel, refund, simulate-advance
void add_order_endpoints(Router& router, OrderService& orders);

}  // namespace cartpilot::sandbox
