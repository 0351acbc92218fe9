// Keys that the settings file names instead of holding: [keys.VARIABLE] with `file` or `command`.
//
// A variable that is set wins over its source. Free functions; one thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "cli/settings_file.h"

namespace cartpilot::host {

/// Adds to `environment` each of `variables` that it lacks and `settings` has a source for, and
/// registers the value with the redaction funnel. Throws Error{kUnauthenticated} with one line when
/// a source gives no key.
void add_keys(const SettingValues& settings, const std::vector<std::string>& variables,
              std::map<std::string, std::string>& environment);

/// The first line of a regular file of this user that nobody else may read; "~/" is the home
/// folder. Throws Error{kUnauthenticated}.
std::string key_from_file(const std::string& file, const std::string& home);

/// The first line that the program prints. Started without a shell, with standard input empty, the
/// variables that agents and prompts need and no others; ended after `limit`. Throws
/// Error{kUnauthenticated} when it cannot be started, fails, prints nothing or takes too long.
std::string key_from_command(const std::vector<std::string>& command,
                             const std::map<std::string, std::string>& environment,
                             std::chrono::milliseconds limit = std::chrono::seconds(10));

}  // namespace cartpilot::host
