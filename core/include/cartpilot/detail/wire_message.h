// JSON forms of messages, parts and tools. See wire.h for the rules; pure functions on values.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "cartpilot/detail/wire_fields.h"
#include "cartpilot/message.h"
#include "cartpilot/tool.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

inline std::string_view effect_name(EffectClass effect) {
  switch (effect) {
    case EffectClass::kRead: return "read";
    case EffectClass::kWrite: return "write";
    case EffectClass::kMoney: return "money";
  }
  return "money";
}

inline EffectClass effect_from_name(std::string_view name) {
  if (name == "read") return EffectClass::kRead;
  if (name == "write") return EffectClass::kWrite;
  if (name == "money") return EffectClass::kMoney;
  wire::fail("tool_spec.effect", "read, write or money");
}

/// {"name","description","parameters","effect"}
inline Json tool_spec_to_json(const ToolSpec& spec) {
  return Json{{"name", spec.name},
              {"description", spec.description},
              {"parameters", spec.parameters},
              {"effect", effect_name(spec.effect)}};
}

inline ToolSpec tool_spec_from_json(const Json& json) {
  const std::string type = "tool_spec";
  wire::expect_object(json, type);
  ToolSpec spec;
  spec.name = wire::text(json, "name", type);
  spec.description = wire::text_or(json, "description", type);
  spec.parameters = wire::value_or(json, "parameters", Json::object());
  wire::expect_object(spec.parameters, "tool_spec.parameters");
  spec.effect = effect_from_name(wire::text_or(json, "effect", type, "read"));
  return spec;
}

/// {"id","name","arguments","arguments_error"?,"provider_metadata"?}
inline Json tool_call_to_json(const ToolCall& call) {
  Json json{{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}};
  wire::put_text(json, "arguments_error", call.arguments_error);
  wire::put_value(json, "provider_metadata", call.provider_metadata);
  return json;
}

inline ToolCall tool_call_from_json(const Json& json) {
  const std::string type = "tool_call";
  wire::expect_object(json, type);
  ToolCall call;
  call.id = wire::text(json, "id", type);
  call.name = wire::text(json, "name", type);
  call.arguments = wire::value_or(json, "arguments", Json::object());
  call.arguments_error = wire::text_or(json, "arguments_error", type);
  call.provider_metadata = wire::value_or(json, "provider_metadata", nullptr);
  return call;
}

/// {"call_id","name","content","is_error"?,"provider_metadata"?}
inline Json tool_result_to_json(const ToolResult& result) {
  Json json{{"call_id", result.call_id}, {"name", result.name}, {"content", result.content}};
  if (result.is_error) json["is_error"] = true;
  wire::put_value(json, "provider_metadata", result.provider_metadata);
  return json;
}

inline ToolResult tool_result_from_json(const Json& json) {
  const std::string type = "tool_result";
  wire::expect_object(json, type);
  ToolResult result;
  result.call_id = wire::text(json, "call_id", type);
  result.name = wire::text(json, "name", type);
  result.content = wire::value_or(json, "content", Json::object());
  result.is_error = wire::flag_or(json, "is_error", type, false);
  result.provider_metadata = wire::value_or(json, "provider_metadata", nullptr);
  return result;
}

/// {"ok","content"}
inline Json outcome_to_json(const ToolOutcome& outcome) {
  return Json{{"ok", outcome.ok}, {"content", outcome.content}};
}

inline ToolOutcome outcome_from_json(const Json& json) {
  wire::expect_object(json, "outcome");
  if (wire::member(json, "ok") == nullptr) wire::fail("outcome.ok", "present");
  ToolOutcome outcome;
  outcome.ok = wire::flag_or(json, "ok", "outcome", true);
  outcome.content = wire::value_or(json, "content", Json::object());
  return outcome;
}

/// The part's members after "type": text, reasoning, tool_call or tool_result.
inline Json part_to_json(const Part& part) {
  Json json = Json::object();
  if (const auto* text = std::get_if<TextPart>(&part)) {
    json["type"] = "text";
    json["text"] = text->text;
    wire::put_value(json, "provider_metadata", text->provider_metadata);
  } else if (const auto* reasoning = std::get_if<ReasoningPart>(&part)) {
    json["type"] = "reasoning";
    json["text"] = reasoning->text;
    wire::put_value(json, "provider_metadata", reasoning->provider_metadata);
  } else if (const auto* call = std::get_if<ToolCall>(&part)) {
    json["type"] = "tool_call";
    json.update(tool_call_to_json(*call));
  } else if (const auto* result = std::get_if<ToolResult>(&part)) {
    json["type"] = "tool_result";
    json.update(tool_result_to_json(*result));
  }
  return json;
}

inline Part part_from_json(const Json& json) {
  wire::expect_object(json, "part");
  const std::string type = wire::text(json, "type", "part");
  if (type == "text") {
    return TextPart{wire::text(json, "text", "part"),
                    wire::value_or(json, "provider_metadata", nullptr)};
  }
  if (type == "reasoning") {
    return ReasoningPart{wire::text(json, "text", "part"),
                         wire::value_or(json, "provider_metadata", nullptr)};
  }
  if (type == "tool_call") return tool_call_from_json(json);
  if (type == "tool_result") return tool_result_from_json(json);
  wire::fail("part.type", "text, reasoning, tool_call or tool_result");
}

inline std::string_view role_name(Role role) {
  switch (role) {
    case Role::kUser: return "user";
    case Role::kAssistant: return "assistant";
    case Role::kTool: return "tool";
  }
  return "user";
}

inline Role role_from_name(std::string_view name) {
  if (name == "user") return Role::kUser;
  if (name == "assistant") return Role::kAssistant;
  if (name == "tool") return Role::kTool;
  wire::fail("message.role", "user, assistant or tool");
}

/// {"role","parts":[...],"provider"?,"model"?,"provider_metadata"?}
inline Json message_to_json(const Message& message) {
  Json parts = Json::array();
  for (const Part& part : message.parts) parts.push_back(part_to_json(part));
  Json json{{"role", role_name(message.role)}, {"parts", std::move(parts)}};
  wire::put_text(json, "provider", message.provider);
  wire::put_text(json, "model", message.model);
  wire::put_value(json, "provider_metadata", message.provider_metadata);
  return json;
}

inline Message message_from_json(const Json& json) {
  const std::string type = "message";
  wire::expect_object(json, type);
  Message message;
  message.role = role_from_name(wire::text(json, "role", type));
  if (const Json* parts = wire::member(json, "parts")) {
    wire::expect_array(*parts, "message.parts");
    for (const Json& part : *parts) message.parts.push_back(part_from_json(part));
  }
  message.provider = wire::text_or(json, "provider", type);
  message.model = wire::text_or(json, "model", type);
  message.provider_metadata = wire::value_or(json, "provider_metadata", nullptr);
  return message;
}

/// A JSON array of what `encode` makes of each value.
template <class T>
Json list_to_json(const std::vector<T>& values, Json (*encode)(const T&)) {
  Json array = Json::array();
  for (const T& value : values) array.push_back(encode(value));
  return array;
}

/// Decodes every element of a JSON array; `what` names the array in the message.
template <class T>
std::vector<T> list_from_json(const Json& json, T (*decode)(const Json&), const std::string& what) {
  wire::expect_array(json, what);
  std::vector<T> values;
  values.reserve(json.size());
  for (const Json& value : json) values.push_back(decode(value));
  return values;
}

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
