// Time as the sandbox counts it: microseconds since the Unix epoch, and the service's two text
// forms of an instant.
//
// Everything is a plain value or a pure function; a Clock is called on any request thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cartpilot::sandbox {

using Micros = std::int64_t;
using Clock = std::function<Micros()>;

inline constexpr Micros kHour = 3'600'000'000;
inline constexpr Micros kDay = 24 * kHour;

Micros system_clock_now();

/// "2026-11-23T00:49:28.023294Z": date-time fields. Six digits, or none at a whole second.
std::string format_instant(Micros instant);

/// "2026-11-23T00:49:28.542064+00:00": the string fields `frozen_at` and
/// `status_history[].created_at`.
std::string format_instant_with_offset(Micros instant);

/// "20261123004928": the time inside a merchant's order number.
std::string format_compact(Micros instant);

/// Reads either text form back. Throws Error{kProtocol} for any other text.
Micros parse_instant(std::string_view text);

}  // namespace cartpilot::sandbox
