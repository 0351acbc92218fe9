// Functions in this API's own JSON: declarations, calls, results.
//
// Pure functions over values, used both by the chat path and by programs that run their own model
// loop.
#pragma once

#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "cartpilot/tool.h"

namespace cartpilot::anthropic {

/// The `tools` array.
Json encode_tools(const std::vector<ToolSpec>& tools);

/// One tool_result block.
Json result_block(const std::string& tool_use_id, const Json& content, bool is_error);

/// All calls of a tool_use block, a list of blocks, or an assistant message. Throws
/// Error{kInvalidArgument} naming the expected forms.
std::vector<ToolCall> parse_calls(const Json& message);

/// The answer in the form the calls had, which parse_calls() left in their provider_metadata: one
/// tool_result block, a list of them, or one user message with all of them.
Json encode_results(const std::vector<ToolResult>& results);

}  // namespace cartpilot::anthropic
