// Amount: what model requests cost, in billionths of a currency.
//
// One token costs far less than a cent, so commerce::Money is too coarse. Values; never a double.
// Sums stop at the largest amount instead of overflowing: a limit then holds, and nothing wraps.
#pragma once

#include <cstdint>
#include <string>

namespace cartpilot::cost {

struct Amount {
  std::int64_t nanos = 0;  ///< 1 USD = 1'000'000'000
  std::string currency;

  friend bool operator==(const Amount&, const Amount&) = default;
};

/// `a` + `b`, at most the largest number; both are not negative.
std::int64_t sum(std::int64_t a, std::int64_t b);

/// "0.0123 USD": rounded up to six decimals, with at least those of the currency.
std::string format_amount(const Amount& amount);

}  // namespace cartpilot::cost
