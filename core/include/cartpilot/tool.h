// Tools as the model sees them: a declaration, a call, a result.
//
// All three are plain values. A call's `id` pairs it with its result inside one conversation;
// vendors that send no id get one made up by their plugin, which remembers (in `provider_metadata`)
// that it must not go back on the wire.
#pragma once

#include <string>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/json.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

/// What a tool can do to the world. Reads of one turn run together, writes one at a time, money
/// through the gate.
enum class EffectClass { kRead, kWrite, kMoney };

/// One function declaration. `parameters` is a JSON Schema (draft 2020-12) whose root has type
/// object.
struct ToolSpec {
  std::string name;  ///< ^[A-Za-z_][A-Za-z0-9_-]{0,63}$, unique within a request
  std::string description;
  Json parameters = Json::object();
  EffectClass effect = EffectClass::kRead;
};

/// A function call the model asked for.
struct ToolCall {
  std::string id;    ///< unique within the conversation, never empty
  std::string name;  ///< as the model wrote it; may be unknown
  Json arguments = Json::object();
  /// Not empty when the vendor's argument text was no JSON object; the router then answers with
  /// this text, nothing runs.
  std::string arguments_error;
  Json provider_metadata;  ///< opaque to everyone but the plugin that made it; null when unused
};

/// The answer to one call. `content` is the tool's JSON, or
/// `{"error":true,"error_code","message"}`.
struct ToolResult {
  std::string call_id;
  std::string name;
  Json content = Json::object();
  bool is_error = false;
  Json provider_metadata;  ///< copied from the call
};

/// What a tool set returns: `ok` and the tool's JSON, or the error object.
struct ToolOutcome {
  bool ok = true;
  Json content = Json::object();
};

/// The error form models receive. `message` says what happened and what to do.
inline ToolOutcome tool_error(const std::string& error_code, const std::string& message) {
  return {false, Json{{"error", true}, {"error_code", error_code}, {"message", message}}};
}

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
