#include "base/local_time.h"

#include <date/tz.h>

#include <chrono>
#include <ctime>
#include <exception>

#include "cartpilot/error.h"

namespace cartpilot::base {
namespace {

constexpr int kMinutesOfHour = 60;

/// nullptr when there is none. The library reads the data once, and throws where it lacks them.
const date::time_zone* zone_named(const std::string& name) {
  try {
    return date::locate_zone(name);
  } catch (const std::exception&) {  // NOLINT: unknown, or no data on this machine
    return nullptr;
  }
}

int minute_here(std::int64_t unix_seconds) {
  const std::time_t moment = unix_seconds;
  std::tm local{};
  if (::localtime_r(&moment, &local) == nullptr) {
    throw Error(ErrorCode::kNotFound, "the local time cannot be told");
  }
  return local.tm_hour * kMinutesOfHour + local.tm_min;
}

}  // namespace

bool is_time_zone(const std::string& name) { return zone_named(name) != nullptr; }

int minute_of_day(std::int64_t unix_ms, const std::string& zone) {
  using std::chrono::seconds;
  const auto moment = std::chrono::floor<seconds>(
      std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(unix_ms)));
  if (zone.empty()) return minute_here(moment.time_since_epoch().count());
  const date::time_zone* const found = zone_named(zone);
  if (found == nullptr) {
    throw Error(ErrorCode::kNotFound, "this machine knows no time zone " + zone);
  }
  const auto local = moment.time_since_epoch() + found->get_info(moment).offset;
  const auto minutes = std::chrono::floor<std::chrono::minutes>(local);
  const auto day = std::chrono::floor<std::chrono::days>(local);
  return static_cast<int>((minutes - day).count());
}

}  // namespace cartpilot::base
