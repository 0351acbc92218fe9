// From what a model wrote as a call to a ToolCall that the host can check.
//
// The kit reads the arguments (vendor/call_arguments.h); what is no object after that becomes
// ToolCall::arguments_error, a text for the model. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "cartpilot/tool.h"

namespace cartpilot::openai {

/// A call as it came off the wire, complete.
struct WireCall {
  std::string id;       ///< "" = none came
  std::string name;     ///< "" = none came
  Json arguments;       ///< string, object or null
  bool cut = false;     ///< the answer ended at its length limit while this call was written
  bool custom = false;  ///< a free-text call; never offered, but models have been seen to make one
};

/// Reads one call. `tools` gives the declared name and takes the nulls of strict schemas out.
ToolCall read_call(const WireCall& wire, const std::vector<ToolSpec>& tools);

/// Like read_call, but opens the undeclared wrapper ("parallel") in which some models pack several
/// calls; its parts get ids of their own. Usually one call.
std::vector<ToolCall> read_calls(const WireCall& wire, const std::vector<ToolSpec>& tools);

/// Arguments text for the wire: always a JSON object.
std::string wire_arguments(const ToolCall& call);

}  // namespace cartpilot::openai
