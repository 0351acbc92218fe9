// What a decoder needs to know about the request it decodes the answer of.
#pragma once

#include <string>
#include <vector>

#include "cartpilot/tool.h"
#include "cartpilot/vendor/errors.h"
#include "cartpilot/vendor/notices.h"
#include "cartpilot/vendor/second_try.h"

namespace cartpilot::openai {

struct AnswerContext {
  const std::vector<ToolSpec>* tools = nullptr;  ///< of the request, which outlives the decoder
  std::string endpoint;                          ///< base URL, written into opaque metadata
  vendor::Service service;
  vendor::Notices* notices = nullptr;       ///< shown before anything else; may be null
  vendor::SecondTry* second_try = nullptr;  ///< for calls nobody can read; may be null
};

}  // namespace cartpilot::openai
