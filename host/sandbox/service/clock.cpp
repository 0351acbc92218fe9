#include "sandbox/service/clock.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "base/clock.h"
#include "cartpilot/error.h"

namespace cartpilot::sandbox {
namespace {

struct CivilTime {
  int year;
  unsigned month;
  unsigned day;
  int hour;
  int minute;
  int second;
  int micros;
};

CivilTime civil_time(Micros instant) {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(instant)};
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count()),
          static_cast<int>(clock.subseconds().count())};
}

std::string format_with_zone(Micros instant, std::string_view zone) {
  const CivilTime t = civil_time(instant);
  const std::string fraction = t.micros == 0 ? "" : fmt::format(".{:06}", t.micros);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}{}", t.year, t.month, t.day, t.hour,
                     t.minute, t.second, fraction, zone);
}

int digits(std::string_view text, std::size_t offset, std::size_t count) {
  int value = 0;
  if (offset + count <= text.size()) {
    const char* end = text.data() + offset + count;
    const auto result = std::from_chars(text.data() + offset, end, value);
    if (result.ec == std::errc() && result.ptr == end && value >= 0) return value;
  }
  throw Error(ErrorCode::kProtocol, "not a stored time: " + std::string(text));
}

}  // namespace

Micros system_clock_now() {
  return std::chrono::floor<std::chrono::microseconds>(base::system_now())
      .time_since_epoch()
      .count();
}

std::string format_instant(Micros instant) { return format_with_zone(instant, "Z"); }

std::string format_instant_with_offset(Micros instant) {
  return format_with_zone(instant, "+00:00");
}

std::string format_compact(Micros instant) {
  const CivilTime t = civil_time(instant);
  return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}", t.year, t.month, t.day, t.hour, t.minute,
                     t.second);
}

Micros parse_instant(std::string_view text) {
  const std::chrono::year_month_day date(
      std::chrono::year(digits(text, 0, 4)),
      std::chrono::month(static_cast<unsigned>(digits(text, 5, 2))),
      std::chrono::day(static_cast<unsigned>(digits(text, 8, 2))));
  const std::chrono::microseconds day = std::chrono::sys_days(date).time_since_epoch();
  const Micros seconds =
      digits(text, 11, 2) * 3600 + digits(text, 14, 2) * 60 + digits(text, 17, 2);
  const bool has_fraction = text.size() > 19 && text[19] == '.';
  const Micros micros = has_fraction ? digits(text, 20, 6) : 0;
  return day.count() + seconds * 1'000'000 + micros;
}

}  // namespace cartpilot::sandbox
