// Money: whole minor units (cents) and a currency code. Never a double.
//
// Values; all arithmetic is checked and throws Error{kInvalidArgument} instead of overflowing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cartpilot::commerce {

struct Money {
  std::int64_t minor = 0;
  std::string currency;  ///< "USD"; "" only in a default-constructed value

  friend bool operator==(const Money&, const Money&) = default;
};

/// Sum in the same currency.
Money add(const Money& a, const Money& b);

/// `unit` times `quantity`.
Money multiply(const Money& unit, std::int64_t quantity);

/// "86.38 USD", "-0.05 USD", "6181 JPY"; "6181 smallest units of XYZ" for an unknown currency.
std::string format_money(const Money& money);

/// "86.38" without the currency, with the currency's own decimals (two when it is unknown).
std::string format_minor(std::int64_t minor, std::string_view currency = "USD");

/// Reads "150", "150.00", "86.38" (at most the currency's decimals, no sign, no exponent, no
/// thousands separator) as minor units. Throws Error{kInvalidArgument} naming the text, and for an
/// unknown currency.
std::int64_t parse_minor(std::string_view text, std::string_view currency = "USD");

}  // namespace cartpilot::commerce
