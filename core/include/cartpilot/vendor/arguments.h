// Arguments of a call, as services send them.
//
// JSON text or a value, once or twice encoded. Pure function; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/json.h"
#include "cartpilot/tool.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

/// Room for what an answer is wrapped in on its way to the program, whose limit is 64 levels.
constexpr std::size_t kMaxArgumentDepth = 48;

/// Reads `value` into `call`, whose name is set: an empty text and null are no arguments, a JSON
/// object or the text of one is taken, anything else becomes arguments_error.
inline void read_arguments(Json value, ToolCall& call) {
  const std::string what = "the arguments of " + one_line(call.name, 80);
  constexpr const char* kAdvice = "; call it again with one JSON object";
  try {
    // Encoded twice by some gateways: a text that holds the object's text.
    for (int level = 0; level < 2 && value.is_string(); ++level) {
      const std::string text(trim(value.get_ref<const std::string&>()));
      value = text.empty() ? Json::object() : parse_json(text, what, {kMaxArgumentDepth});
    }
  } catch (const Error& error) {
    call.arguments_error = one_line(error.what(), 300) + kAdvice;
    return;
  }
  if (value.is_null()) value = Json::object();
  if (value.is_object()) {
    call.arguments = std::move(value);
  } else {
    call.arguments_error = what + " are no JSON object" + kAdvice;
  }
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
