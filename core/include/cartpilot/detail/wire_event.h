// JSON forms of stream events and errors. See wire.h for the rules; pure functions on values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "cartpilot/detail/wire_fields.h"
#include "cartpilot/detail/wire_message.h"
#include "cartpilot/error.h"
#include "cartpilot/stream_event.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

/// The code of that name; kInternal for a name this build does not know.
inline ErrorCode error_code_from_name(std::string_view name) {
  for (int number = 0; number <= static_cast<int>(ErrorCode::kInternal); ++number) {
    const ErrorCode code = static_cast<ErrorCode>(number);
    if (error_code_name(code) == name) return code;
  }
  return ErrorCode::kInternal;
}

/// {"code","message","retryable","retry_after_ms"?,"http_status"?,"request_id"?,"reason"?}
inline Json error_to_json(const Error& error) {
  Json json{{"code", error_code_name(error.code)},
            {"message", error.what()},
            {"retryable", error.retryable}};
  if (error.retry_after_ms) json["retry_after_ms"] = *error.retry_after_ms;
  if (error.http_status != 0) json["http_status"] = error.http_status;
  wire::put_text(json, "request_id", error.request_id);
  wire::put_text(json, "reason", error.reason);
  return json;
}

/// Returns, never throws, the Error it reads; throws Error{kProtocol} when `json` is no error.
inline Error error_from_json(const Json& json) {
  const std::string type = "error";
  wire::expect_object(json, type);
  const std::string name = wire::text(json, "code", type);
  const ErrorCode code = error_code_from_name(name);
  std::string message = wire::text_or(json, "message", type);
  if (code == ErrorCode::kInternal && name != "internal") message += " (code \"" + name + "\")";
  Error error(code, message);
  error.retryable = wire::flag_or(json, "retryable", type, false);
  if (wire::member(json, "retry_after_ms") != nullptr) {
    error.retry_after_ms = wire::whole_number_or(json, "retry_after_ms", type, 0);
  }
  const std::int64_t http_status = wire::whole_number_or(json, "http_status", type, 0);
  if (http_status >= 0 && http_status <= 999) error.http_status = static_cast<int>(http_status);
  error.request_id = wire::text_or(json, "request_id", type);
  error.reason = wire::text_or(json, "reason", type);
  return error;
}

/// {"input_tokens","output_tokens","reasoning_tokens","cached_tokens"}
inline Json usage_to_json(const Usage& usage) {
  return Json{{"input_tokens", usage.input_tokens},
              {"output_tokens", usage.output_tokens},
              {"reasoning_tokens", usage.reasoning_tokens},
              {"cached_tokens", usage.cached_tokens}};
}

inline Usage usage_from_json(const Json& json) {
  const std::string type = "usage";
  wire::expect_object(json, type);
  Usage usage;
  usage.input_tokens = wire::whole_number_or(json, "input_tokens", type, 0);
  usage.output_tokens = wire::whole_number_or(json, "output_tokens", type, 0);
  usage.reasoning_tokens = wire::whole_number_or(json, "reasoning_tokens", type, 0);
  usage.cached_tokens = wire::whole_number_or(json, "cached_tokens", type, 0);
  return usage;
}

inline std::string_view finish_reason_name(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop: return "stop";
    case FinishReason::kToolCalls: return "tool_calls";
    case FinishReason::kLength: return "length";
    case FinishReason::kContentFilter: return "content_filter";
    case FinishReason::kError: return "error";
    case FinishReason::kOther: return "other";
  }
  return "other";
}

/// The reason of that name; kOther for a name this build does not know.
inline FinishReason finish_reason_from_name(std::string_view name) {
  for (int number = 0; number <= static_cast<int>(FinishReason::kOther); ++number) {
    const FinishReason reason = static_cast<FinishReason>(number);
    if (finish_reason_name(reason) == name) return reason;
  }
  return FinishReason::kOther;
}

/// An object whose "type" is text_delta, reasoning_delta, tool_call_begin, tool_call_delta,
/// tool_call, usage, warning or finish, followed by the members of that event.
inline Json event_to_json(const StreamEvent& event) {
  Json json = Json::object();
  if (const auto* text = std::get_if<TextDelta>(&event)) {
    json["type"] = "text_delta";
    json["text"] = text->text;
  } else if (const auto* reasoning = std::get_if<ReasoningDelta>(&event)) {
    json["type"] = "reasoning_delta";
    json["text"] = reasoning->text;
  } else if (const auto* begin = std::get_if<ToolCallBegin>(&event)) {
    json["type"] = "tool_call_begin";
    json["id"] = begin->id;
    json["name"] = begin->name;
  } else if (const auto* delta = std::get_if<ToolCallDelta>(&event)) {
    json["type"] = "tool_call_delta";
    json["id"] = delta->id;
    json["arguments"] = delta->arguments;
  } else if (const auto* call = std::get_if<ToolCallEvent>(&event)) {
    json["type"] = "tool_call";
    json.update(tool_call_to_json(call->call));
  } else if (const auto* usage = std::get_if<UsageEvent>(&event)) {
    json["type"] = "usage";
    json.update(usage_to_json(usage->usage));
  } else if (const auto* warning = std::get_if<WarningEvent>(&event)) {
    json["type"] = "warning";
    json["message"] = warning->message;
  } else if (const auto* finish = std::get_if<Finish>(&event)) {
    json["type"] = "finish";
    json["reason"] = finish_reason_name(finish->reason);
    wire::put_text(json, "raw_reason", finish->raw_reason);
    wire::put_text(json, "model", finish->model);
    wire::put_value(json, "provider_metadata", finish->provider_metadata);
  }
  return json;
}

inline StreamEvent event_from_json(const Json& json) {
  wire::expect_object(json, "event");
  const std::string type = wire::text(json, "type", "event");
  if (type == "text_delta") return TextDelta{wire::text(json, "text", type)};
  if (type == "reasoning_delta") return ReasoningDelta{wire::text(json, "text", type)};
  if (type == "tool_call_begin") {
    return ToolCallBegin{wire::text(json, "id", type), wire::text(json, "name", type)};
  }
  if (type == "tool_call_delta") {
    return ToolCallDelta{wire::text(json, "id", type), wire::text(json, "arguments", type)};
  }
  if (type == "tool_call") return ToolCallEvent{tool_call_from_json(json)};
  if (type == "usage") return UsageEvent{usage_from_json(json)};
  if (type == "warning") return WarningEvent{wire::text(json, "message", type)};
  if (type == "finish") {
    return Finish{finish_reason_from_name(wire::text_or(json, "reason", type, "other")),
                  wire::text_or(json, "raw_reason", type), wire::text_or(json, "model", type),
                  wire::value_or(json, "provider_metadata", nullptr)};
  }
  wire::fail("event.type", "a known stream event, not \"" + type.substr(0, 64) + "\"");
}

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
