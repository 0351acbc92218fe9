#include "sandbox/wire/datetime_text.h"

#include <charconv>
#include <chrono>
#include <cmath>
#include <string_view>

namespace cartpilot::sandbox {
namespace {

// Seconds of the year 9999's end; from 2e10 on a number counts milliseconds.
constexpr double kLargestSeconds = 253'402'300'799.0;
constexpr double kMillisecondsFrom = 2e10;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads `count` digits at `offset`; -1 when there are fewer.
int number_at(std::string_view text, std::size_t offset, std::size_t count) {
  if (offset + count > text.size()) return -1;
  int value = 0;
  for (const char c : text.substr(offset, count)) {
    if (!is_digit(c)) return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

// What is wrong with the first ten characters as YYYY-MM-DD; "" when nothing is.
std::string_view date_error(std::string_view text) {
  if (text.size() < 10) return "input is too short";
  const int year = number_at(text, 0, 4);
  if (year < 0) return "invalid character in year";
  if (text[4] != '-') return "invalid date separator, expected `-`";
  const int month = number_at(text, 5, 2);
  if (month < 0) return "invalid character in month";
  if (text[7] != '-') return "invalid date separator, expected `-`";
  const int day = number_at(text, 8, 2);
  if (day < 0) return "invalid character in day";
  if (month < 1 || month > 12) return "month value is outside expected range of 1-12";
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return "day value is outside expected range";
  if (year == 0) return "year 0 is out of range";
  return "";
}

// The time behind the separator: HH:MM[:SS[.fraction]] and perhaps a zone.
bool is_time_with_zone(std::string_view text) {
  const auto part = [&](std::size_t offset, int most) {
    const int value = number_at(text, offset, 2);
    return value >= 0 && value <= most;
  };
  if (!part(0, 23) || text.size() < 5 || text[2] != ':' || !part(3, 59)) return false;
  std::size_t end = 5;
  if (end < text.size() && text[end] == ':') {
    if (!part(6, 59)) return false;
    end = 8;
    if (end < text.size() && (text[end] == '.' || text[end] == ',')) {
      const std::size_t first = ++end;
      while (end < text.size() && is_digit(text[end])) ++end;
      if (end == first) return false;
    }
  }
  if (end == text.size()) return true;
  std::string_view zone = text.substr(end);
  if (zone == "Z" || zone == "z") return true;
  if (zone[0] != '+' && zone[0] != '-') return false;
  zone.remove_prefix(1);
  const int hours = number_at(zone, 0, 2);
  const std::size_t minutes_at = zone.size() > 2 && zone[2] == ':' ? 3 : 2;
  const int minutes = number_at(zone, minutes_at, 2);
  return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 && zone.size() == minutes_at + 2;
}

bool is_datetime(std::string_view text) {
  constexpr std::string_view kSeparators = "Tt _";
  if (!date_error(text).empty()) return false;
  if (text.size() == 10) return true;
  return kSeparators.find(text[10]) != std::string_view::npos && is_time_with_zone(text.substr(11));
}

std::optional<double> as_number(std::string_view text) {
  double value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<DatetimeProblem> number_problem(double number) {
  if (std::isnan(number)) {
    return DatetimeProblem{"datetime_parsing",
                           "Input should be a valid datetime, NaN values not permitted",
                           "NaN values not permitted"};
  }
  const double seconds = std::abs(number) > kMillisecondsFrom ? number / 1000 : number;
  if (seconds > kLargestSeconds) {
    return DatetimeProblem{"datetime_parsing",
                           "Input should be a valid datetime, dates after 9999 are not "
                           "supported as unix timestamps",
                           "dates after 9999 are not supported as unix timestamps"};
  }
  if (seconds < -kLargestSeconds) {
    return DatetimeProblem{"datetime_parsing",
                           "Input should be a valid datetime, dates before 0000 are not "
                           "supported as unix timestamps",
                           "dates before 0000 are not supported as unix timestamps"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<DatetimeProblem> find_datetime_problem(const Json& value) {
  if (value.is_number()) return number_problem(value.get<double>());
  if (!value.is_string()) {
    return DatetimeProblem{"datetime_type", "Input should be a valid datetime", ""};
  }
  const std::string& text = value.get_ref<const std::string&>();
  if (is_datetime(text)) return std::nullopt;
  if (const auto number = as_number(text)) return number_problem(*number);
  // Text that is no date and time is tried as a date, and it is that trial's error that is told.
  std::string_view error = date_error(text);
  if (error.empty()) error = "unexpected extra characters at the end of the input";
  return DatetimeProblem{"datetime_from_date_parsing",
                         "Input should be a valid datetime or date, " + std::string(error),
                         std::string(error)};
}

}  // namespace cartpilot::sandbox
