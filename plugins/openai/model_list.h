// The list of models a server offers. Pure function.
#pragma once

#include <string_view>
#include <vector>

#include "cartpilot/llm_provider.h"
#include "cartpilot/vendor/errors.h"

namespace cartpilot::openai {

/// Reads {"data":[{"id"}]} and the array forms of other servers, in their order. Throws
/// Error{kProtocol} for anything else.
std::vector<ModelInfo> read_model_list(std::string_view body, const vendor::Service& service);

}  // namespace cartpilot::openai
