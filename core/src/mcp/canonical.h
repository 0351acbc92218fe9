// The text of a JSON value that does not depend on the order of its members, for digests.
//
// Pure; any thread.
#pragma once

#include <string>

#include "cartpilot/json.h"

namespace cartpilot::mcp {

/// Compact JSON, members of objects sorted by name.
std::string canonical_text(const Json& value);

}  // namespace cartpilot::mcp
