// Reads records back from the text the store keeps: the reverse of json_views.h.
//
// Pure functions. Text that is not such a view throws Error{kProtocol}.
#pragma once

#include <string_view>

#include "sandbox/store/records.h"

namespace cartpilot::sandbox {

Intent intent_from(std::string_view text);
Checkout checkout_from(std::string_view text);
Order order_from(std::string_view text);
MerchantSession merchant_session_from(std::string_view text);

}  // namespace cartpilot::sandbox
