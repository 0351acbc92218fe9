// What a decoder needs to know about the request it decodes the answer of.
#pragma once

#include <string>
#include <vector>

#include "cartpilot/tool.h"
#include "openai/errors.h"

namespace cartpilot::openai {

struct AnswerContext {
  const std::vector<ToolSpec>* tools = nullptr;  ///< of the request, which outlives the decoder
  std::string endpoint;                          ///< base URL, written into opaque metadata
  ServiceInfo service;
  std::vector<std::string> warnings;  ///< told before anything else
};

}  // namespace cartpilot::openai
