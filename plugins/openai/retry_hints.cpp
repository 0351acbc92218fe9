#include "openai/retry_hints.h"

#include <charconv>
#include <cmath>
#include <ctime>
#include <string>

namespace cartpilot::openai {
namespace {

// More than a year is no wait anybody meant.
constexpr double kLongestMs = 366.0 * 24 * 3600 * 1000;

std::optional<double> number(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = problem == std::errc() && end == text.data() + text.size() && !text.empty();
  if (!whole || !std::isfinite(value) || value < 0) return std::nullopt;
  return value;
}

std::optional<std::int64_t> milliseconds(double value) {
  if (value > kLongestMs) return static_cast<std::int64_t>(kLongestMs);
  return static_cast<std::int64_t>(std::ceil(value));
}

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

}  // namespace

std::optional<std::int64_t> http_date_ms(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") {
    return std::nullopt;
  }
  const std::size_t month = kMonths.find(text.substr(8, 3));
  const auto day = digits(text, 5, 2);
  const auto year = digits(text, 12, 4);
  const auto hour = digits(text, 17, 2);
  const auto minute = digits(text, 20, 2);
  const auto second = digits(text, 23, 2);
  if (month == std::string_view::npos || month % 3 != 0 || !day || !year || !hour || !minute ||
      !second) {
    return std::nullopt;
  }
  std::tm time{};
  time.tm_year = *year - 1900;
  time.tm_mon = static_cast<int>(month / 3);
  time.tm_mday = *day;
  time.tm_hour = *hour;
  time.tm_min = *minute;
  time.tm_sec = *second;
  return static_cast<std::int64_t>(timegm(&time)) * 1000;
}

std::optional<std::int64_t> asked_wait_ms(const HttpHeaders& headers, std::int64_t now_unix_ms) {
  if (const auto value = number(header_value(headers, "retry-after-ms"))) {
    return milliseconds(*value);
  }
  const std::string text = header_value(headers, "retry-after");
  if (const auto value = number(text)) return milliseconds(*value * 1000);
  if (const auto date = http_date_ms(text)) {
    return *date > now_unix_ms ? *date - now_unix_ms : 0;
  }
  return std::nullopt;
}

std::optional<bool> should_retry(const HttpHeaders& headers) {
  const std::string value = header_value(headers, "x-should-retry");
  if (value == "true") return true;
  if (value == "false") return false;
  return std::nullopt;
}

}  // namespace cartpilot::openai
