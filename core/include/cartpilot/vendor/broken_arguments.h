// Arguments of calls that hold half a character: told to the model, never run.
//
// Pure function; any thread.
#pragma once

#include <string>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/json.h"
#include "cartpilot/tool.h"
#include "cartpilot/vendor/half_characters.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

/// Makes an arguments_error of it when the answer that `characters` read had incomplete characters
/// and one of them stands in the arguments of `call`.
inline void refuse_half_characters(const WholeCharacters& characters, ToolCall& call) {
  const std::string mark = byte_mark(0x80);
  const bool met = characters.joined(mark) != mark;
  if (!met || !call.arguments_error.empty()) return;
  if (dump_json(call.arguments).find("\xEF\xBF\xBD") == std::string::npos) return;
  call.arguments = Json::object();
  call.arguments_error =
      "the arguments of " + call.name + " hold half a character; call it again with whole ones";
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
