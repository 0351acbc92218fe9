// LogLevel: how severe a message to the client's log is, as MCP counts it.
//
// Constants and pure functions; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace cartpilot::mcp {

/// From the least severe on.
enum class LogLevel { kDebug, kInfo, kNotice, kWarning, kError, kCritical, kAlert, kEmergency };

constexpr std::array<std::string_view, 8> kLogLevelNames = {
    "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"};

constexpr std::string_view name_of(LogLevel level) {
  return kLogLevelNames[static_cast<std::size_t>(level)];
}

constexpr std::optional<LogLevel> log_level_named(std::string_view name) {
  const auto* const found = std::find(kLogLevelNames.begin(), kLogLevelNames.end(), name);
  if (found == kLogLevelNames.end()) return std::nullopt;
  return static_cast<LogLevel>(found - kLogLevelNames.begin());
}

}  // namespace cartpilot::mcp
