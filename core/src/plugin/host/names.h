// Names people type: which of the known ones did they mean? Pure functions, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cartpilot::plugin {

/// The names close enough to `typed` to be a slip of it, nearest first.
std::vector<std::string> near_names(std::string_view typed, const std::vector<std::string>& known);

/// "a, b and c"; "none" when empty.
std::string joined(const std::vector<std::string>& names);

}  // namespace cartpilot::plugin
