#include "commerce/money.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "cartpilot/error.h"

namespace cartpilot::commerce {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kMaxInt64 = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

template <typename Call>
std::string refusal(Call call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    return error.what();
  }
  return "nothing was refused";
}

TEST(Money, formats_minor_units_with_two_decimals) {
  const std::vector<std::pair<std::int64_t, std::string>> table = {
      {0, "0.00"},
      {5, "0.05"},
      {-5, "-0.05"},
      {99, "0.99"},
      {8638, "86.38"},
      {-15000, "-150.00"},
      {100, "1.00"},
      {-100, "-1.00"},
      {kMaxInt64, "92233720368547758.07"},
      {kLeast, "-92233720368547758.08"},
  };
  for (const auto& [minor, text] : table) EXPECT_EQ(format_minor(minor), text);
  EXPECT_EQ(format_money({8638, "USD"}), "86.38 USD");
  EXPECT_EQ(format_money({-5, "USD"}), "-0.05 USD");
}

TEST(Money, reads_plain_amounts) {
  const std::vector<std::pair<std::string, std::int64_t>> table = {
      {"150", 15000}, {"150.00", 15000}, {"86.38", 8638}, {"0", 0},
      {"0.05", 5},    {"150.5", 15050},  {"007", 700},    {"92233720368547758.07", kMaxInt64},
  };
  for (const auto& [text, minor] : table) EXPECT_EQ(parse_minor(text), minor) << text;
}

TEST(Money, refuses_everything_that_is_no_plain_amount_and_names_it) {
  for (const char* text : {"", ".", "-1", "+1", "1.", ".5", "1.234", "1e3", "1,000", "1 000", " 1",
                           "1 ", "86.38 USD", "0x10", "1.2.3", "abc", "86,38", "1.-5"}) {
    EXPECT_THAT(refusal([&] { parse_minor(text); }), HasSubstr(std::string("\"") + text + "\""));
  }
  EXPECT_THAT(refusal([] { parse_minor("1\n2\xff"); }), HasSubstr("\"1\\n2\xEF\xBF\xBD\""));
}

TEST(Money, refuses_amounts_beyond_64_bits) {
  for (const char* text :
       {"92233720368547758.08", "92233720368547759", "999999999999999999999999"}) {
    EXPECT_THAT(refusal([&] { parse_minor(text); }), HasSubstr("too large"));
  }
}

TEST(Money, reads_back_what_it_formats) {
  for (const std::int64_t minor : {0L, 1L, 99L, 100L, 8638L, 123456789L}) {
    EXPECT_EQ(parse_minor(format_minor(minor)), minor);
  }
}

TEST(Money, adds_and_multiplies) {
  EXPECT_EQ(add({7999, "USD"}, {639, "USD"}), (Money{8638, "USD"}));
  EXPECT_EQ(multiply({7999, "USD"}, 2), (Money{15998, "USD"}));
  EXPECT_EQ(multiply({7999, "EUR"}, 0), (Money{0, "EUR"}));
}

TEST(Money, refuses_to_overflow) {
  EXPECT_THAT(refusal([] { add({kMaxInt64, "USD"}, {1, "USD"}); }), HasSubstr("too large"));
  EXPECT_THAT(refusal([] { add({kLeast, "USD"}, {-1, "USD"}); }), HasSubstr("too large"));
  EXPECT_THAT(refusal([] { multiply({kMaxInt64, "USD"}, 2); }), HasSubstr("too large"));
  EXPECT_THAT(refusal([] { multiply({kLeast, "USD"}, -1); }), HasSubstr("too large"));
}

TEST(Money, refuses_to_add_two_currencies) {
  EXPECT_EQ(refusal([] {
              add({100, "USD"}, {100, "EUR"});
            }),
            "1.00 USD and 1.00 EUR are of different currencies and cannot be added");
}

}  // namespace
}  // namespace cartpilot::commerce
