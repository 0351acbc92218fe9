// Records as the service shows them: members in the wire's order, every member present.
//
// Pure functions. The same text is what the store keeps (json_records.h reads it back), so nothing
// can be stored that the API would not show.
#pragma once

#include "cartpilot/json.h"
#include "sandbox/store/records.h"

namespace cartpilot::sandbox {

/// {"amount":7999,"currency":"USD"}
Json price_view(std::int64_t cents);

Json view(const Intent& intent);
/// As at its creation: not expired.
Json view(const Offer& offer);
Json view(const Checkout& checkout);
Json view(const Order& order);
Json view(const MerchantSession& session);

/// One line of GET /orders.
Json summary_view(const Order& order);

/// The answer to a confirmation. `order_id` is null when the checkout was confirmed before.
Json confirmation_view(const Checkout& checkout, const std::optional<std::string>& order_id);

}  // namespace cartpilot::sandbox
