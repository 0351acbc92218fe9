// Exact comparison of JSON values, as JSON Schema means it.
//
// Numbers are equal when they are mathematically equal, whatever C++ type holds them (1, 1.0 and
// 1u; but not 2^53 and 2^53+1); members of objects are compared without regard to their order. Pure
// functions, any thread.
#pragma once

#include "cartpilot/json.h"

namespace cartpilot::schema {

/// Negative, zero or positive as the number `a` is less than, equal to or greater than `b`.
int compare_numbers(const Json& a, const Json& b);

/// A total order over all JSON values; zero means equal in the sense of `const` and `enum`.
int compare_json(const Json& a, const Json& b);

/// True for 2 and 2.0, false for 2.5 and everything that is no number.
bool is_integral(const Json& value);

/// True when `value` is a whole multiple of `divisor` (> 0). Doubles count as the shortest decimal
/// that denotes them, so 0.0075 is a multiple of 0.0001.
bool is_multiple_of(const Json& value, const Json& divisor);

}  // namespace cartpilot::schema
