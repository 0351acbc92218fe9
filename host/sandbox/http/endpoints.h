// The API's endpoints: each reads its request, calls one service and shows the result.
//
// The functions register handlers that keep references to the services; the services must outlive
// the router. Handlers run under the application's lock.
#pragma once

#include "sandbox/http/router.h"
#include "sandbox/merchant/merchants.h"
#include "sandbox/service/checkouts.h"
#include "sandbox/service/intents.h"
#include "sandbox/service/orders.h"
#include "sandbox/service/webhooks.h"

namespace cartpilot::sandbox {

/// /health, /ready, /merchants
void add_service_endpoints(Router& router, const Merchants& merchants);

/// /intents, /intents/{}, /intents/{}/offers, /offers/{}
void add_intent_endpoints(Router& router, IntentService& intents);

/// /checkouts, /checkouts/{}, and its quote, request-approval, approve, confirm
void add_checkout_endpoints(Router& router, CheckoutService& checkouts);

/// /orders, /orders/{}, and its cancel, refund, simulate-advance
void add_order_endpoints(Router& router, OrderService& orders);

/// /webhooks/merchant, /webhooks/events/{}
void add_webhook_endpoints(Router& router, WebhookService& webhooks);

/// /openapi.json, /docs, /redoc: what the routes registered so far are. Call it last.
void add_description_endpoints(Router& router);

/// The merchant's own API: /health, /stats, /products, /products/{}, /checkout/quote,
/// /checkout/{}, /checkout/{}/confirm
void add_shop_endpoints(Router& router, Merchant& merchant);

/// The handles of a merchant with chaos: /chaos/..., /admin/...
void add_chaos_endpoints(Router& router, Merchant& merchant);

}  // namespace cartpilot::sandbox
