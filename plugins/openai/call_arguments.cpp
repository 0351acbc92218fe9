#include "openai/call_arguments.h"

#include <utility>

#include "cartpilot/vendor/call_arguments.h"
#include "cartpilot/vendor/call_ids.h"
#include "openai/call_identity.h"
#include "openai/strict_schema.h"

namespace cartpilot::openai {
namespace {

/// Fills arguments or arguments_error.
void read_arguments(const WireCall& wire, ToolCall& call) {
  vendor::CallArguments read = vendor::read_call_arguments(wire.arguments, call.name, wire.cut);
  call.arguments_error = std::move(read.problem);
  if (call.arguments_error.empty()) call.arguments = std::move(read.value);
}

bool wraps_calls(const std::string& name) {
  return name == "parallel" || name == "multi_tool_use.parallel" ||
         name == "multi_tool_use_parallel";
}

}  // namespace

ToolCall read_call(const WireCall& wire, const std::vector<ToolSpec>& tools) {
  ToolCall call;
  call.id = wire.id.empty() ? vendor::new_call_id() : wire.id;
  const ToolSpec* tool = find_tool(tools, wire.name);
  call.name = tool != nullptr ? tool->name : wire.name;
  if (wire.name.empty()) {
    call.name = wire_function_name("");
    call.arguments_error = "the call names no function; call it again with its name";
    return call;
  }
  if (wire.custom) {
    call.arguments_error = call.name + " takes a JSON object, not free text";
    return call;
  }
  read_arguments(wire, call);
  if (tool != nullptr) remove_optional_nulls(call.arguments, tool->parameters);
  return call;
}

std::vector<ToolCall> read_calls(const WireCall& wire, const std::vector<ToolSpec>& tools) {
  // Arguments may be megabytes: moved, never copied.
  std::vector<ToolCall> only;
  only.push_back(read_call(wire, tools));
  const ToolCall& whole = only.front();
  if (!wraps_calls(whole.name) || find_tool(tools, wire.name) != nullptr) return only;
  const auto uses = whole.arguments.find("tool_uses");
  if (uses == whole.arguments.end() || !uses->is_array() || uses->empty()) return only;
  std::vector<ToolCall> calls;
  for (const Json& use : *uses) {
    WireCall part;
    part.name = string_or(use, "recipient_name");
    if (use.is_object() && use.contains("parameters")) part.arguments = use["parameters"];
    // All or nothing: a wrapper around something unknown is answered as the unknown call it is.
    if (find_tool(tools, part.name) == nullptr) return only;
    calls.push_back(read_call(part, tools));
  }
  return calls;
}

std::string wire_arguments(const ToolCall& call) {
  return call.arguments.is_object() && call.arguments_error.empty() ? dump_json(call.arguments)
                                                                    : "{}";
}

}  // namespace cartpilot::openai
