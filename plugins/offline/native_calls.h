// The offline provider's function format: plain JSON, no vendor behind it.
//
// Declarations {"name","description","parameters"}; calls {"id","name","arguments"}, the id
// optional, or a message {"tool_calls":[...]}; responses {"id","name","result"}, an array for a
// message. Pure functions.
#pragma once

#include <vector>

#include "cartpilot/tool.h"

namespace cartpilot::offline {

Json native_declarations(const std::vector<ToolSpec>& tools);
std::vector<ToolCall> parse_native_calls(const Json& message);
Json native_responses(const std::vector<ToolResult>& results);

}  // namespace cartpilot::offline
