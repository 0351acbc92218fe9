// The body of a Responses request. Stateless: the whole conversation travels with every request,
// reasoning included (encrypted), and nothing is stored by the vendor. Pure functions.
#pragma once

#include "cartpilot/llm_provider.h"
#include "openai/request_plan.h"

namespace cartpilot::openai {

Json responses_request(const GenerateRequest& request, const RequestPlan& plan);

/// One entry of `tools`. With `explicit_strict`, `strict` is always written: left out, the vendor
/// would rewrite the schema and make optional members required.
Json responses_tool(const ToolSpec& tool, bool strict, bool explicit_strict = true);

}  // namespace cartpilot::openai
