// Names the purchase module derives: baskets, attempts, idempotency keys.
//
// Functions of their arguments. A whole idempotency key is a secret (CartPilot replays an answer to
// whoever shows it), so keys are derived when needed and neither stored nor logged. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "commerce/client.h"
#include "commerce/identity.h"
#include "commerce/types.h"

namespace cartpilot::purchase {

/// The same text for the same products, variants and quantities in any order.
std::string canonical_items(const std::vector<commerce::ItemRequest>& items);

/// The CartPilot that a client talks to; `salt` is the journal's install_secret().
commerce::CartPilotIdentity identity_of(const commerce::ClientOptions& client,
                                        const std::string& salt);

/// What a tool call asks for: the argument `items` of create_checkout and quote_checkout, which
/// have passed their schema.
std::vector<commerce::ItemRequest> requested_items(const Json& arguments);

/// The lines of a checkout as a request.
std::vector<commerce::ItemRequest> items_of(const commerce::Checkout& checkout);

/// Hash of a merchant and canonical items: what must not be bought twice by accident.
std::string basket_of(const std::string& merchant_id,
                      const std::vector<commerce::ItemRequest>& items);

/// First 128 bits of HMAC-SHA256(secret, operation, session, subject, ordinal) as 32 hex.
std::string derive_key(const std::string& secret, std::string_view operation,
                       std::string_view session, std::string_view subject, std::int64_t ordinal);

}  // namespace cartpilot::purchase
