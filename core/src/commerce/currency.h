// How many decimals a currency has: ISO 4217.
//
// Amounts are whole numbers of a currency's smallest unit. 6181 is 61.81 in US dollars, 6181 in yen
// and 6.181 in Kuwaiti dinars. A code that is not in the list has no known smallest unit, so
// nothing is bought in it. Plain function; any thread.
#pragma once

#include <optional>
#include <string_view>

namespace cartpilot::commerce {

/// 0 to 4; nullopt for what is no active ISO 4217 code in capitals.
std::optional<int> decimals_of(std::string_view currency);

}  // namespace cartpilot::commerce
