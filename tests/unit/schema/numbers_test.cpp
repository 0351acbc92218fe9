#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "schema/json_compare.h"

namespace cartpilot::schema {
namespace {

TEST(CompareNumbers, is_exact_across_integers_and_doubles) {
  const std::vector<std::tuple<const char*, const char*, int>> table = {
      {"1", "1.0", 0},
      {"1", "1.5", -1},
      {"-1", "-1.5", 1},
      {"-1", "-0.5", -1},
      {"0", "-0.0", 0},
      {"2", "1", 1},
      {"-1", "18446744073709551615", -1},
      {"9007199254740993", "9007199254740992.0", 1},
      {"9223372036854775807", "9223372036854775808.0", -1},
      {"9223372036854775808", "9223372036854775808.0", 0},
      {"18446744073709551615", "18446744073709551616.0", -1},
      {"18446744073709551615", "1e300", -1},
      {"18446744073709551615", "-1e300", 1},
      {"-9223372036854775808", "-9223372036854775808.0", 0},
      {"-9223372036854775808", "-1e300", 1},
      {"-9223372036854775807", "-9223372036854775808.0", 1},
      {"18446744073709551615", "9223372036854775807", 1},
      {"0.1", "0.2", -1},
  };
  for (const auto& [a, b, expected] : table) {
    const auto sign = [](int value) { return (value > 0) - (value < 0); };
    EXPECT_EQ(sign(compare_numbers(parse_json(a), parse_json(b))), expected) << a << " " << b;
    EXPECT_EQ(sign(compare_numbers(parse_json(b), parse_json(a))), -expected) << b << " " << a;
  }
}

TEST(CompareNumbers, treats_signed_and_unsigned_of_one_value_as_equal) {
  EXPECT_EQ(compare_numbers(Json(std::int64_t{5}), Json(std::uint64_t{5})), 0);
  EXPECT_LT(compare_numbers(Json(std::int64_t{-5}), Json(std::uint64_t{5})), 0);
}

TEST(CompareJson, ignores_the_order_of_members_and_only_that) {
  const auto equal = [](const char* a, const char* b) {
    return compare_json(parse_json(a), parse_json(b)) == 0;
  };
  EXPECT_TRUE(equal(R"({"a":1,"b":[2.0]})", R"({"b":[2],"a":1.0})"));
  EXPECT_FALSE(equal("[1,2]", "[2,1]"));
  EXPECT_FALSE(equal(R"({"a":1})", R"({"a":1,"b":2})"));
  EXPECT_FALSE(equal(R"({"a":1})", R"({"b":1})"));
  EXPECT_FALSE(equal("0", "false"));
  EXPECT_FALSE(equal("1", "true"));
  EXPECT_FALSE(equal("0", "\"\""));
  EXPECT_FALSE(equal("null", "false"));
}

TEST(IsMultipleOf, reckons_in_decimal) {
  const std::vector<std::tuple<const char*, const char*, bool>> table = {
      {"0.0075", "0.0001", true},
      {"0.00751", "0.0001", false},
      {"4.35", "0.01", true},
      {"19.99", "0.01", true},
      {"19.995", "0.01", false},
      {"-4.5", "1.5", true},
      {"35", "1.5", false},
      {"0", "7", true},
      {"0.0", "7", true},
      {"12391239123", "1e-8", true},
      {"1e308", "0.123456789", false},
      {"1e308", "0.5", true},
      {"1e-300", "1e300", false},
      {"18446744073709551615", "5", true},
      {"18446744073709551615", "2", false},
      {"-9223372036854775808", "2", true},
      {"-9223372036854775808", "3", false},
  };
  for (const auto& [value, divisor, expected] : table) {
    EXPECT_EQ(is_multiple_of(parse_json(value), parse_json(divisor)), expected)
        << value << " / " << divisor;
  }
}

TEST(IsIntegral, is_true_for_whole_numbers_however_they_are_written) {
  for (const char* whole : {"2", "-2", "2.0", "1e3", "1e300", "-0.0", "18446744073709551615"}) {
    EXPECT_TRUE(is_integral(parse_json(whole))) << whole;
  }
  for (const char* other : {"2.5", "1e-3", "\"2\"", "true", "null", "[]"}) {
    EXPECT_FALSE(is_integral(parse_json(other))) << other;
  }
}

}  // namespace
}  // namespace cartpilot::schema
