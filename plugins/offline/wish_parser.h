// Reads a wish ("I need wireless headphones under $100"): what to look for, and for how much.
//
// The price limit is taken out of the text, because CartPilot would search for it as a word; the
// shopper applies it to the prices itself. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cartpilot::offline {

/// Bounds in hundredths of the currency's unit, whatever its decimals; both included.
struct PriceLimit {
  std::optional<std::int64_t> at_least;
  std::optional<std::int64_t> at_most;
  std::string currency;  ///< "" when the person named none

  bool given() const { return at_least || at_most; }
};

struct Wish {
  std::string query;               ///< "wireless headphones"; "" when no product was named
  std::vector<std::string> words;  ///< the words that carry meaning, in lower case
  std::string thing;               ///< the one that names the thing: "headphones"
  PriceLimit limit;
  bool asked = false;  ///< "I need ...", "find ...", a price: surely a wish
};

Wish parse_wish(std::string_view text);

}  // namespace cartpilot::offline
