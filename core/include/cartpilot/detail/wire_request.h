// JSON forms of what a provider is given and asked, and of the heads of HTTP exchanges. See wire.h
// for the rules; pure functions on values.
#pragma once

#include <string>

#include "cartpilot/detail/wire_fields.h"
#include "cartpilot/detail/wire_message.h"
#include "cartpilot/http.h"
#include "cartpilot/llm_provider.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

/// {"model"?,"system"?,"messages":[...],"tools"?,"tool_choice"?,"max_output_tokens"?,
/// "temperature"?,"stream"?}
inline Json request_to_json(const GenerateRequest& request) {
  const GenerateRequest defaults;
  Json json = Json::object();
  wire::put_text(json, "model", request.model);
  wire::put_text(json, "system", request.system);
  json["messages"] = list_to_json(request.messages, message_to_json);
  if (!request.tools.empty()) json["tools"] = list_to_json(request.tools, tool_spec_to_json);
  if (request.tool_choice != defaults.tool_choice) json["tool_choice"] = request.tool_choice;
  if (request.max_output_tokens) json["max_output_tokens"] = *request.max_output_tokens;
  if (request.temperature) json["temperature"] = *request.temperature;
  if (request.stream != defaults.stream) json["stream"] = request.stream;
  return json;
}

inline GenerateRequest request_from_json(const Json& json) {
  const std::string type = "request";
  wire::expect_object(json, type);
  GenerateRequest request;
  request.model = wire::text_or(json, "model", type);
  request.system = wire::text_or(json, "system", type);
  if (const Json* messages = wire::member(json, "messages")) {
    request.messages = list_from_json(*messages, message_from_json, "request.messages");
  }
  if (const Json* tools = wire::member(json, "tools")) {
    request.tools = list_from_json(*tools, tool_spec_from_json, "request.tools");
  }
  request.tool_choice = wire::text_or(json, "tool_choice", type, request.tool_choice);
  if (wire::member(json, "max_output_tokens") != nullptr) {
    request.max_output_tokens = wire::whole_number_or(json, "max_output_tokens", type, 0);
  }
  if (const Json* temperature = wire::member(json, "temperature")) {
    if (!temperature->is_number()) wire::fail("request.temperature", "a number");
    request.temperature = temperature->get<double>();
  }
  request.stream = wire::flag_or(json, "stream", type, request.stream);
  return request;
}

/// {"name","default_model","notice"?}
inline Json info_to_json(const ProviderInfo& info) {
  Json json{{"name", info.name}, {"default_model", info.default_model}};
  wire::put_text(json, "notice", info.notice);
  return json;
}

inline ProviderInfo info_from_json(const Json& json) {
  const std::string type = "info";
  wire::expect_object(json, type);
  return {wire::text(json, "name", type), wire::text_or(json, "default_model", type),
          wire::text_or(json, "notice", type)};
}

/// {"id","description"?}
inline Json model_to_json(const ModelInfo& model) {
  Json json{{"id", model.id}};
  wire::put_text(json, "description", model.description);
  return json;
}

inline ModelInfo model_from_json(const Json& json) {
  const std::string type = "model";
  wire::expect_object(json, type);
  return {wire::text(json, "id", type), wire::text_or(json, "description", type)};
}

/// {"environment":{},"options":{}}; the transport is a service, not a value, and is left out.
inline Json config_to_json(const ProviderConfig& config) {
  return Json{{"environment", wire::texts_to_json(config.environment)},
              {"options", wire::texts_to_json(config.options)}};
}

inline ProviderConfig config_from_json(const Json& json) {
  const std::string type = "config";
  wire::expect_object(json, type);
  ProviderConfig config;
  config.environment = wire::texts_from_json(json, "environment", type);
  config.options = wire::texts_from_json(json, "options", type);
  return config;
}

/// Everything of a request but its body, which travels beside it as raw bytes.
inline Json http_request_to_json(const HttpRequest& request) {
  Json json{{"method", request.method},
            {"url", request.url},
            {"headers", wire::headers_to_json(request.headers)},
            {"server_sent_events", request.server_sent_events},
            {"connect_timeout_ms", request.connect_timeout_ms},
            {"idle_timeout_ms", request.idle_timeout_ms},
            {"total_timeout_ms", request.total_timeout_ms},
            {"max_body_bytes", request.max_body_bytes}};
  if (request.fresh_connection) json["fresh_connection"] = true;
  return json;
}

inline HttpRequest http_request_from_json(const Json& json) {
  const std::string type = "http_request";
  wire::expect_object(json, type);
  HttpRequest request;
  request.method = wire::text_or(json, "method", type, request.method);
  request.url = wire::text(json, "url", type);
  request.headers = wire::headers_from_json(json, "headers", type);
  request.server_sent_events = wire::flag_or(json, "server_sent_events", type, false);
  request.fresh_connection = wire::flag_or(json, "fresh_connection", type, false);
  request.connect_timeout_ms =
      wire::whole_number_or(json, "connect_timeout_ms", type, request.connect_timeout_ms);
  request.idle_timeout_ms =
      wire::whole_number_or(json, "idle_timeout_ms", type, request.idle_timeout_ms);
  request.total_timeout_ms =
      wire::whole_number_or(json, "total_timeout_ms", type, request.total_timeout_ms);
  const std::int64_t limit = wire::whole_number_or(
      json, "max_body_bytes", type, static_cast<std::int64_t>(request.max_body_bytes));
  if (limit < 0) wire::fail("http_request.max_body_bytes", "zero or more");
  request.max_body_bytes = static_cast<std::uint64_t>(limit);
  return request;
}

/// {"status","headers":[["name","value"],...]}
inline Json http_head_to_json(const HttpHead& head) {
  return Json{{"status", head.status}, {"headers", wire::headers_to_json(head.headers)}};
}

inline HttpHead http_head_from_json(const Json& json) {
  const std::string type = "http_head";
  wire::expect_object(json, type);
  HttpHead head;
  head.status = static_cast<int>(wire::whole_number_or(json, "status", type, 0));
  head.headers = wire::headers_from_json(json, "headers", type);
  return head;
}

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
