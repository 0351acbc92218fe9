#include "base/dates.h"

#include <Poco/DateTime.h>
#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeParser.h>

namespace cartpilot::base {
namespace {

std::optional<std::int64_t> unix_ms(const std::string& format, const std::string& text) {
  Poco::DateTime date;
  int zone = 0;
  if (!Poco::DateTimeParser::tryParse(format, text, date, zone)) return std::nullopt;
  date.makeUTC(zone);
  const std::int64_t unix_ms = date.timestamp().epochMicroseconds() / 1'000;
  // The parser takes any words for a date of the year 0.
  return unix_ms < 0 ? std::nullopt : std::optional(unix_ms);
}

}  // namespace

std::optional<std::int64_t> unix_ms_of_http_date(const std::string& text) {
  return unix_ms(Poco::DateTimeFormat::HTTP_FORMAT, text);
}

std::optional<std::int64_t> unix_ms_of_rfc3339(const std::string& text) {
  return unix_ms(Poco::DateTimeFormat::ISO8601_FRAC_FORMAT, text);
}

}  // namespace cartpilot::base
