// Dates as other programs write them, as milliseconds since the epoch.
//
// The parser is generous, so callers with little trust look at the shape first. Free functions;
// thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cartpilot::base {

/// "Mon, 23 Nov 2026 06:30:00 GMT". nullopt for what is no date or one before the epoch.
std::optional<std::int64_t> unix_ms_of_http_date(const std::string& text);
/// RFC 3339: "2026-11-23T06:30:00.250Z", with any zone. nullopt as above.
std::optional<std::int64_t> unix_ms_of_rfc3339(const std::string& text);

}  // namespace cartpilot::base
