#include "commerce/money.h"

#include <fmt/format.h>

#include "cartpilot/error.h"
#include "cartpilot/json.h"
#include "commerce/currency.h"

namespace cartpilot::commerce {
namespace {

constexpr int kUsualDecimals = 2;

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, message);
}

[[noreturn]] void not_an_amount(std::string_view text, int decimals) {
  // As JSON, so that odd bytes in the text cannot spoil the message.
  const std::string shown = dump_json(Json(std::string(text.substr(0, 40))));
  const std::string example =
      decimals == 0 ? "150" : "150 or 86.38" + std::string(decimals - 2, '0');
  fail(fmt::format("{} is not an amount; write it like {}", shown, example));
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Money add(const Money& a, const Money& b) {
  if (a.currency != b.currency) {
    fail(fmt::format("{} and {} are of different currencies and cannot be added", format_money(a),
                     format_money(b)));
  }
  Money sum{0, a.currency};
  if (__builtin_add_overflow(a.minor, b.minor, &sum.minor)) {
    fail(fmt::format("{} plus {} is too large an amount", format_money(a), format_money(b)));
  }
  return sum;
}

Money multiply(const Money& unit, std::int64_t quantity) {
  Money product{0, unit.currency};
  if (__builtin_mul_overflow(unit.minor, quantity, &product.minor)) {
    fail(fmt::format("{} times {} is too large an amount", quantity, format_money(unit)));
  }
  return product;
}

std::string format_money(const Money& money) {
  if (!decimals_of(money.currency)) {
    return fmt::format("{} smallest units of {}", money.minor, money.currency);
  }
  return fmt::format("{} {}", format_minor(money.minor, money.currency), money.currency);
}

std::string format_minor(std::int64_t minor, std::string_view currency) {
  const auto decimals = static_cast<std::size_t>(decimals_of(currency).value_or(kUsualDecimals));
  // Unsigned, because the most negative amount has no positive counterpart.
  const auto bits = static_cast<std::uint64_t>(minor);
  std::string digits = std::to_string(minor < 0 ? std::uint64_t{0} - bits : bits);
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  if (decimals > 0) digits.insert(digits.size() - decimals, ".");
  return (minor < 0 ? "-" : "") + digits;
}

std::int64_t parse_minor(std::string_view text, std::string_view currency) {
  const auto known = decimals_of(currency);
  if (!known) {
    fail(fmt::format("{} is not a currency this program knows; write it like USD, EUR or JPY",
                     dump_json(Json(std::string(currency.substr(0, 40))))));
  }
  const auto places = static_cast<std::size_t>(*known);
  const std::size_t point = text.find('.');
  const std::string_view major = text.substr(0, point);
  std::string digits(major);
  std::size_t given = 0;
  if (point != std::string_view::npos) {
    const std::string_view decimals = text.substr(point + 1);
    if (decimals.empty() || decimals.size() > places) not_an_amount(text, *known);
    digits += decimals;
    given = decimals.size();
  }
  digits.append(places - given, '0');
  if (major.empty()) not_an_amount(text, *known);

  std::int64_t minor = 0;
  for (const char c : digits) {
    if (!is_digit(c)) not_an_amount(text, *known);
    if (__builtin_mul_overflow(minor, std::int64_t{10}, &minor) ||
        __builtin_add_overflow(minor, std::int64_t{c - '0'}, &minor)) {
      fail(fmt::format("{} is too large an amount", text.substr(0, 40)));
    }
  }
  return minor;
}

}  // namespace cartpilot::commerce
