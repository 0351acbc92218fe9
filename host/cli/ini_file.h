// Settings files: "key = value" lines below [section] lines.
//
// A free function; thread-safe.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace cartpilot::host {

/// All values by "section.key". Throws Error{kInvalidArgument} when `file` cannot be read.
std::map<std::string, std::string> read_ini(const std::filesystem::path& file);

}  // namespace cartpilot::host
