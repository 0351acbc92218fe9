#include <charconv>
#include <cmath>

#include "sandbox/wire/request_validation.h"

namespace cartpilot::sandbox {
namespace {

constexpr IntegerReading kTooLarge{
    std::nullopt, "int_parsing_size",
    "Unable to parse input string as an integer, exceeded maximum size"};
constexpr IntegerReading kUnparsable{
    std::nullopt, "int_parsing",
    "Input should be a valid integer, unable to parse string as an integer"};

constexpr std::string_view kSpace = " \t\n\v\f\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "2.00" is an integer, "2." and "2.5" are not.
bool drop_zero_fraction(std::string_view& text) {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) return true;
  const std::string_view fraction = text.substr(point + 1);
  if (fraction.empty() || fraction.find_first_not_of('0') != std::string_view::npos) return false;
  text = text.substr(0, point);
  return true;
}

// Sign, then digits; single underscores may stand between digits.
IntegerReading read_integer_text(std::string_view text) {
  text = trimmed(text);
  if (!drop_zero_fraction(text)) return kUnparsable;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || !is_digit(text.front()) || !is_digit(text.back())) return kUnparsable;
  std::string digits = negative ? "-" : "";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_digit(text[i])) {
      digits += text[i];
    } else if (text[i] != '_' || text[i - 1] == '_') {
      return kUnparsable;
    }
  }
  std::int64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (result.ec != std::errc()) return kTooLarge;
  return {value, "", ""};
}

IntegerReading read_integer_float(double number) {
  constexpr double kLimit = 9.2e18;
  if (std::trunc(number) != number) {
    return {std::nullopt, "int_from_float",
            "Input should be a valid integer, got a number with a fractional part"};
  }
  if (std::abs(number) > kLimit) return kTooLarge;
  return {static_cast<std::int64_t>(number), "", ""};
}

}  // namespace

// Python's integers have no bound; beyond 64 bits this one answers as it would to an oversized
// text.
IntegerReading read_integer(const Json& input) {
  if (input.is_boolean()) return {input.get<bool>() ? 1 : 0, "", ""};
  if (input.is_number_unsigned() && input.get<std::uint64_t>() > INT64_MAX) return kTooLarge;
  if (input.is_number_integer()) return {input.get<std::int64_t>(), "", ""};
  if (input.is_number_float()) return read_integer_float(input.get<double>());
  if (input.is_string()) return read_integer_text(input.get_ref<const std::string&>());
  return {std::nullopt, "int_type", "Input should be a valid integer"};
}

}  // namespace cartpilot::sandbox
