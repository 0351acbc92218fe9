#include "openai/functions.h"

#include <utility>

#include "openai/call_arguments.h"
#include "openai/chat_encode.h"
#include "openai/responses_encode.h"
#include "openai/strict_schema.h"

namespace cartpilot::openai {
namespace {

[[noreturn]] void refuse() {
  throw Error(ErrorCode::kInvalidArgument,
              "no OpenAI function call: expected "
              R"({"id","type":"function","function":{"name","arguments"}}, )"
              R"({"type":"function_call","call_id","name","arguments"}, an assistant message with )"
              R"("tool_calls", or a response with "output")");
}

/// Which API a call belongs to, and whether it stood alone or among others.
Json form(Api api, bool single) { return Json{{"api", api_name(api)}, {"single", single}}; }

bool is_chat_call(const Json& value) {
  return value.is_object() && (value.contains("function") || value.contains("custom")) &&
         !value.contains("role");
}

bool is_responses_item(const Json& value) {
  if (!value.is_object()) return false;
  const std::string type = string_or(value, "type");
  return type == "function_call" || type == "custom_tool_call";
}

ToolCall finish_call(const WireCall& wire, bool strict, Json metadata) {
  ToolCall call = read_call(wire, {});
  if (strict) remove_all_nulls(call.arguments);
  call.provider_metadata = std::move(metadata);
  return call;
}

ToolCall read_chat_call(const Json& value, bool strict, bool single) {
  WireCall wire;
  wire.custom = !value.contains("function");
  const Json& payload = wire.custom ? value["custom"] : value["function"];
  if (!payload.is_object() || string_or(payload, "name").empty()) refuse();
  wire.id = string_or(value, "id");
  wire.name = string_or(payload, "name");
  if (payload.contains("arguments")) wire.arguments = payload["arguments"];
  return finish_call(wire, strict, form(Api::kChat, single));
}

ToolCall read_item(const Json& item, bool strict, bool single) {
  if (string_or(item, "name").empty()) refuse();
  WireCall wire;
  wire.id = string_or(item, "call_id");
  wire.name = string_or(item, "name");
  wire.custom = string_or(item, "type") == "custom_tool_call";
  if (item.contains("arguments")) wire.arguments = item["arguments"];
  Json metadata = form(Api::kResponses, single);
  if (wire.custom) metadata["custom"] = true;
  return finish_call(wire, strict, std::move(metadata));
}

std::vector<ToolCall> read_chat_calls(const Json& calls, bool strict) {
  std::vector<ToolCall> result;
  if (calls.is_null()) return result;
  if (!calls.is_array()) refuse();
  for (const Json& call : calls) {
    if (!is_chat_call(call)) refuse();
    result.push_back(read_chat_call(call, strict, false));
  }
  return result;
}

std::vector<ToolCall> read_items(const Json& output, bool strict) {
  std::vector<ToolCall> result;
  if (!output.is_array()) refuse();
  for (const Json& item : output) {
    if (!item.is_object()) refuse();
    if (is_responses_item(item)) result.push_back(read_item(item, strict, false));
  }
  return result;
}

Json answer_of(const ToolResult& result, Api api, bool custom) {
  const std::string text = dump_json(result.content);
  if (api == Api::kChat) {
    return Json{{"role", "tool"}, {"tool_call_id", result.call_id}, {"content", text}};
  }
  return Json{{"type", custom ? "custom_tool_call_output" : "function_call_output"},
              {"call_id", result.call_id},
              {"output", text}};
}

bool flag(const Json& metadata, const char* key) {
  return metadata.is_object() && metadata.contains(key) && metadata[key] == true;
}

}  // namespace

Json declare_functions(const std::vector<ToolSpec>& tools, Api api, bool strict) {
  Json declarations = Json::array();
  for (const ToolSpec& tool : tools) {
    declarations.push_back(api == Api::kChat ? chat_tool(tool, strict)
                                             : responses_tool(tool, strict));
  }
  return declarations;
}

std::vector<ToolCall> parse_functions(const Json& message, bool strict) {
  if (is_chat_call(message)) return {read_chat_call(message, strict, true)};
  if (is_responses_item(message)) return {read_item(message, strict, true)};
  if (message.is_array()) {
    const bool chat = !message.empty() && is_chat_call(message[0]);
    return chat ? read_chat_calls(message, strict) : read_items(message, strict);
  }
  if (!message.is_object()) refuse();
  if (message.contains("tool_calls")) return read_chat_calls(message["tool_calls"], strict);
  if (message.contains("output")) return read_items(message["output"], strict);
  const auto choices = message.find("choices");
  if (choices != message.end() && choices->is_array() && !choices->empty() &&
      (*choices)[0].is_object() && (*choices)[0].contains("message")) {
    return parse_functions((*choices)[0]["message"], strict);
  }
  if (string_or(message, "role") == "assistant") return {};  // a message that only talks
  refuse();
}

Json answer_functions(const std::vector<ToolResult>& results, Api api) {
  Json answers = Json::array();
  for (const ToolResult& result : results) {
    const std::string remembered = string_or(result.provider_metadata, "api");
    const Api own = remembered == "chat"        ? Api::kChat
                    : remembered == "responses" ? Api::kResponses
                                                : api;
    answers.push_back(answer_of(result, own, flag(result.provider_metadata, "custom")));
  }
  if (results.size() == 1 && flag(results[0].provider_metadata, "single")) return answers[0];
  return answers;
}

}  // namespace cartpilot::openai
