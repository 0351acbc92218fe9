// Reading what a request says: its body, and the values behind the "?".
//
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "cartpilot/json.h"

namespace cartpilot::host {

/// The body, whose members must be exactly `names` and strings; an empty body is an empty object.
/// Throws Error{kInvalidArgument}.
Json read_body(const std::string& text, const std::set<std::string>& names);

/// The value of `name` in "name=value&...", percent-decoded; "" when it is missing.
std::string query_value(const std::string& query, const std::string& name);

/// A decimal number; `otherwise` for what is none.
std::int64_t number_or(const std::string& text, std::int64_t otherwise);

}  // namespace cartpilot::host
