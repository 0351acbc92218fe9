#include "offline/native_calls.h"

#include <fmt/format.h>

#include "cartpilot/error.h"

namespace cartpilot::offline {

namespace {

// Metadata of a call, so that its response comes back in the same form.
constexpr const char* kIdMadeUp = "id_made_up";
constexpr const char* kInMessage = "in_message";

bool is_set(const Json& metadata, const char* name) {
  return metadata.is_object() && metadata.contains(name);
}

ToolCall parse_call(const Json& entry, std::size_t position, bool in_message) {
  if (!entry.is_object() || string_or(entry, "name").empty()) {
    throw Error(
        ErrorCode::kInvalidArgument,
        R"(a function call looks like {"id":"1","name":"create_intent","arguments":{...}}, )"
        R"(or a message {"tool_calls":[...]})");
  }
  ToolCall call;
  call.name = string_or(entry, "name");
  call.id = string_or(entry, "id");
  Json metadata = Json::object();
  if (call.id.empty()) {
    call.id = fmt::format("call-{}", position + 1);
    metadata[kIdMadeUp] = true;
  }
  if (in_message) metadata[kInMessage] = true;
  if (!metadata.empty()) call.provider_metadata = std::move(metadata);
  const auto arguments = entry.find("arguments");
  if (arguments != entry.end() && arguments->is_object()) {
    call.arguments = *arguments;
  } else if (arguments != entry.end()) {
    call.arguments_error = "The arguments must be a JSON object.";
  }
  return call;
}

}  // namespace

Json native_declarations(const std::vector<ToolSpec>& tools) {
  Json declarations = Json::array();
  for (const ToolSpec& tool : tools) {
    declarations.push_back(Json{
        {"name", tool.name}, {"description", tool.description}, {"parameters", tool.parameters}});
  }
  return declarations;
}

std::vector<ToolCall> parse_native_calls(const Json& message) {
  const auto entries = message.is_object() ? message.find("tool_calls") : Json::const_iterator();
  if (!message.is_object() || entries == message.end()) return {parse_call(message, 0, false)};
  if (!entries->is_array()) {
    throw Error(ErrorCode::kInvalidArgument, "tool_calls must be an array of function calls");
  }
  std::vector<ToolCall> calls;
  for (const Json& entry : *entries) calls.push_back(parse_call(entry, calls.size(), true));
  return calls;
}

Json native_responses(const std::vector<ToolResult>& results) {
  Json responses = Json::array();
  for (const ToolResult& result : results) {
    Json response = Json::object();
    if (!is_set(result.provider_metadata, kIdMadeUp)) response["id"] = result.call_id;
    response["name"] = result.name;
    response["result"] = result.content;
    responses.push_back(std::move(response));
  }
  const bool single = results.size() == 1 && !is_set(results.front().provider_metadata, kInMessage);
  return single ? responses[0] : responses;
}

}  // namespace cartpilot::offline
