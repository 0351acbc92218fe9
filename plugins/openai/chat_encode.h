// The body of a Chat Completions request. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "cartpilot/llm_provider.h"
#include "openai/request_plan.h"

namespace cartpilot::openai {

Json chat_request(const GenerateRequest& request, const RequestPlan& plan);

/// One entry of `tools`; `strict` asks for the strict form where the schema has one.
Json chat_tool(const ToolSpec& tool, bool strict);

}  // namespace cartpilot::openai
