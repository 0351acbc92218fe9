// The price list that comes with the program: the text of prices.json.
//
// A constant; any thread.
#pragma once

#include <string_view>

namespace cartpilot::cost {

std::string_view built_in_prices();

}  // namespace cartpilot::cost
