// The time of day in a time zone: a named one, or this machine's.
//
// Summer time and past changes come from the system's time zone data. The process's own zone is
// never changed. Free functions; thread-safe.
#pragma once

#include <cstdint>
#include <string>

namespace cartpilot::base {

/// Whether the system's time zone data has a zone of that name ("Europe/Paris").
bool is_time_zone(const std::string& name);

/// Minutes since midnight by the clocks of `zone`, 0 to 1439; "" is this machine's zone (TZ, else
/// /etc/localtime). Throws Error{kNotFound} for a zone that the system does not have.
int minute_of_day(std::int64_t unix_ms, const std::string& zone);

}  // namespace cartpilot::base
