// Days as "2026-11-29", in UTC.
//
// Free functions; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cartpilot::cost {

/// The day of a moment.
std::string day_of(std::int64_t unix_ms);
/// True for a day that there is, in this form.
bool is_day(std::string_view text);
/// From `earlier` to `later`; both are days.
std::int64_t days_between(std::string_view earlier, std::string_view later);

}  // namespace cartpilot::cost
