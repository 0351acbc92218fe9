#include "schema/json_compare.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cartpilot::schema {

namespace {

__extension__ using Wide = unsigned __int128;

template <typename Value>
int order(const Value& a, const Value& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

/// Holds every integer of 64 bits and every double as it is.
long double wide(const Json& number) {
  static_assert(std::numeric_limits<long double>::digits >= 64);
  if (number.is_number_float()) return number.get<double>();
  return number.is_number_unsigned() ? static_cast<long double>(number.get<std::uint64_t>())
                                     : static_cast<long double>(number.get<std::int64_t>());
}

/// Numbers of every representation share a rank, so that 1 and 1.0 meet.
int type_rank(const Json& value) {
  if (value.is_null()) return 0;
  if (value.is_boolean()) return 1;
  if (value.is_number()) return 2;
  if (value.is_string()) return 3;
  if (value.is_array()) return 4;
  return 5;
}

int compare_arrays(const Json& a, const Json& b) {
  const std::size_t shared = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < shared; ++i) {
    if (const int result = compare_json(a[i], b[i]); result != 0) return result;
  }
  return order(a.size(), b.size());
}

using Members = std::vector<std::pair<std::string_view, const Json*>>;

Members sorted_members(const Json& object) {
  Members members;
  members.reserve(object.size());
  for (const auto& [key, value] : object.items()) members.emplace_back(key, &value);
  std::sort(members.begin(), members.end());
  return members;
}

int compare_objects(const Json& a, const Json& b) {
  if (a.size() != b.size()) return order(a.size(), b.size());
  const Members members_a = sorted_members(a);
  const Members members_b = sorted_members(b);
  for (std::size_t i = 0; i < members_a.size(); ++i) {
    if (const int by_key = order(members_a[i].first, members_b[i].first); by_key != 0) {
      return by_key;
    }
    if (const int result = compare_json(*members_a[i].second, *members_b[i].second); result != 0) {
      return result;
    }
  }
  return 0;
}

/// |number| = digits * 10^exponent.
struct Decimal {
  std::uint64_t digits = 0;
  int exponent = 0;
};

Decimal decimal_of(const Json& number) {
  if (number.is_number_unsigned()) return {number.get<std::uint64_t>(), 0};
  if (number.is_number_integer()) {
    const std::int64_t value = number.get<std::int64_t>();
    const auto bits = static_cast<std::uint64_t>(value);
    return {value < 0 ? std::uint64_t{0} - bits : bits, 0};
  }
  // The shortest text that reads back as the same double has at most 17 digits.
  char text[32];
  const auto written = std::to_chars(text, text + sizeof text, std::fabs(number.get<double>()),
                                     std::chars_format::scientific);
  Decimal decimal;
  bool after_point = false;
  const char* at = text;
  for (; at < written.ptr && *at != 'e'; ++at) {
    if (*at == '.') {
      after_point = true;
      continue;
    }
    decimal.digits = decimal.digits * 10 + static_cast<std::uint64_t>(*at - '0');
    if (after_point) --decimal.exponent;
  }
  int exponent = 0;
  if (at < written.ptr) {
    ++at;
    if (*at == '+') ++at;
    std::from_chars(at, written.ptr, exponent);
  }
  decimal.exponent += exponent;
  return decimal;
}

}  // namespace

int compare_numbers(const Json& a, const Json& b) { return order(wide(a), wide(b)); }

int compare_json(const Json& a, const Json& b) {
  const int rank = type_rank(a);
  if (const int by_type = order(rank, type_rank(b)); by_type != 0) return by_type;
  switch (rank) {
    case 0: return 0;
    case 1: return order(a.get<bool>(), b.get<bool>());
    case 2: return compare_numbers(a, b);
    case 3: return a.get_ref<const std::string&>().compare(b.get_ref<const std::string&>());
    case 4: return compare_arrays(a, b);
    default: return compare_objects(a, b);
  }
}

bool is_integral(const Json& value) {
  if (value.is_number_integer()) return true;
  if (!value.is_number_float()) return false;
  const double number = value.get<double>();
  return std::isfinite(number) && std::trunc(number) == number;
}

bool is_multiple_of(const Json& value, const Json& divisor) {
  const Decimal number = decimal_of(value);
  const Decimal unit = decimal_of(divisor);
  if (number.digits == 0) return true;
  const int shift = number.exponent - unit.exponent;
  if (shift < 0) {
    Wide scaled = unit.digits;
    for (int i = 0; i < -shift; ++i) {
      scaled *= 10;
      if (scaled > number.digits) return false;
    }
    return number.digits % scaled == 0;
  }
  Wide remainder = number.digits % unit.digits;
  for (int i = 0; i < shift && remainder != 0; ++i) remainder = remainder * 10 % unit.digits;
  return remainder == 0;
}

}  // namespace cartpilot::schema
