#include "openai/call_arguments.h"

#include <optional>
#include <string_view>
#include <utility>

#include "cartpilot/vendor/call_ids.h"
#include "openai/answer_pieces.h"
#include "openai/call_identity.h"
#include "openai/strict_schema.h"

namespace cartpilot::openai {
namespace {

/// `problem` is set when the text cannot be read.
std::optional<Json> parsed(std::string_view text, const std::string& what, std::string& problem) {
  try {
    return parse_json(text, what);
  } catch (const Error& error) {
    problem = error.what();
    return std::nullopt;
  }
}

/// Some servers send the complete object once more when the stream ends. Two equal copies are one.
std::optional<Json> parsed_twin(std::string_view text) {
  std::string problem;
  if (text.size() % 2 != 0) return std::nullopt;
  const std::string_view half = text.substr(0, text.size() / 2);
  if (half != text.substr(text.size() / 2)) return std::nullopt;
  return parsed(half, "half", problem);
}

/// Fills arguments or arguments_error.
void read_arguments(const WireCall& wire, ToolCall& call) {
  const std::string what = "the arguments of " + call.name;
  const std::string about = what + " ";
  if (wire.cut && wire.arguments.is_string()) {
    call.arguments_error = about + "were cut off at the output limit; call it again, shorter";
  }
  Json value = wire.arguments;
  if (value.is_string()) {
    const std::string text = std::move(value.get_ref<std::string&>());
    const std::string_view body = vendor::trim(text);
    if (body.empty()) {
      value = wire.cut ? Json(nullptr) : Json::object();
    } else {
      std::string problem;
      std::optional<Json> json = parsed(body, what, problem);
      if (!json) json = parsed_twin(body);
      if (!json) {
        if (call.arguments_error.empty()) {
          call.arguments_error = problem + "; call it again with one JSON object";
        }
        return;
      }
      value = std::move(*json);
      // Encoded twice: a string that holds the object.
      if (value.is_string()) {
        const std::string words = value.get<std::string>();
        if (std::optional<Json> inner = parsed(words, what, problem)) value = std::move(*inner);
      }
    }
  } else if (value.is_null()) {
    value = Json::object();
  }
  if (!value.is_object()) {
    if (call.arguments_error.empty()) {
      call.arguments_error = about + "are no JSON object; call it again with one JSON object";
    }
    return;
  }
  // A whole object cannot be the beginning of a longer one, so nothing was cut off.
  call.arguments_error.clear();
  call.arguments = std::move(value);
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
