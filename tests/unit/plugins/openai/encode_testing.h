// A conversation to encode, and a short way to a plan.
#pragma once

#include <string>
#include <vector>

#include "openai/request_plan.h"

namespace cartpilot::openai::testing {

ToolCall tool_call(const std::string& id, const std::string& name, Json arguments,
                   Json metadata = nullptr);
Message assistant(std::vector<Part> parts, Json metadata = nullptr);
Message tool_results(std::vector<ToolResult> results);

/// "Mute 3" -> text and two calls -> their results in the other order.
std::vector<Message> mixer_conversation();

/// A plan for `request` at `base` with these options.
RequestPlan plan_at(const std::string& base, const GenerateRequest& request,
                    const std::map<std::string, std::string>& options = {},
                    const vendor::Quirks& quirks = vendor::Quirks({}));

}  // namespace cartpilot::openai::testing
