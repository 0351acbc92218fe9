// What a checkout is, for the rules of a person.
//
// Free function; any thread.
#pragma once

#include "commerce/client.h"
#include "purchase/rules.h"

namespace cartpilot::purchase {

/// With the categories of its lines where a rule asks for them. They stand in the offer that the
/// checkout was made from; one that cannot be had, is of another merchant, or has no such product
/// leaves them unknown. Sends at most one GET. Throws CartPilotError only when it is cancelled.
RuleFacts facts_about(const commerce::Checkout& checkout, const commerce::Money& total,
                      std::int64_t unix_ms, const PurchaseRules& rules,
                      const commerce::CartPilotClient& client, const CallContext& context);

}  // namespace cartpilot::purchase
