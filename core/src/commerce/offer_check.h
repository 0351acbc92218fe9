// What CartPilot does not check about an offer and a person would want to know: is there anything
// in it, is it still good, does it keep to the price they named.
//
// Pure functions; thread-safe. CartPilot matches words only and sells expired offers without a
// word, so whoever shows or buys has to look.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "commerce/types.h"

namespace cartpilot::commerce {

/// The most a wish allows to spend on one piece: "under $100", "below 50 EUR", "less than 99.99",
/// "up to £20", "at most 1,500 dollars", "max $30". Without a sign or code the currency is USD.
/// nullopt when no limit is named.
std::optional<Money> price_limit_in(std::string_view wish);

/// The limit in the wish that led to this offer.
std::optional<Money> price_limit_of(const Offer& offer);

/// The items above `limit`, or in another currency. Points into `offer`.
std::vector<const OfferItem*> items_over(const Offer& offer, const Money& limit);

/// True when the merchant had nothing that fits.
inline bool is_empty(const Offer& offer) { return offer.items.empty(); }

/// True once it cannot be relied on any more, by the server's word or by the clock.
bool has_expired(const Offer& offer, std::int64_t now_unix_ms);

/// True once the clock is past `expires_at`; the server never says so by itself. A confirmed
/// checkout does not expire.
bool has_expired(const Checkout& checkout, std::int64_t now_unix_ms);

}  // namespace cartpilot::commerce
