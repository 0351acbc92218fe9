// What flags say about buying: the policy, the limits, and what the command line advises.
//
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "purchase/policy.h"

namespace cartpilot::host {

/// Reads --approve ("ask", "never", "up-to:150:USD") and --merchants ("merchant-a,merchant-b").
/// Throws Error{kInvalidArgument} with what is expected; "up-to" without merchants is refused, and
/// so are merchants without "up-to" (they would restrict nothing).
purchase::PurchasePolicy parse_policy(std::string_view approve, std::string_view merchants);

/// Adds --allow-repeat. Throws Error{kInvalidArgument} when it is given without up-to.
void allow_repeats(purchase::PurchasePolicy& policy, int times);

/// Reads --limit-order, --limit-session and --limit-day ("150:USD"); "" leaves the limit as it is.
/// Throws Error{kInvalidArgument} with what is expected, and for an order above the hard cap.
purchase::SpendLimits parse_limits(std::string_view order, std::string_view session,
                                   std::string_view day);

/// 1 to 64 of A-Z, a-z, 0-9, _ and -.
bool is_merchant_id(std::string_view id);

/// "150:USD" as an amount above zero; `given` is where it was written, as it stands in the message,
/// `example` what it looks like. Throws Error{kInvalidArgument}.
commerce::Money parse_amount(std::string_view text, const std::string& given,
                             std::string_view example);

/// The same for the most that one purchase may cost: refuses what is above the hard cap.
commerce::Money parse_bound(std::string_view text, const std::string& given,
                            std::string_view example);

/// The flags and commands that help; see purchase::Remedies. Part of what parse_policy() returns.
std::string flag_remedy(purchase::Remedy remedy, const std::string& about);

}  // namespace cartpilot::host
