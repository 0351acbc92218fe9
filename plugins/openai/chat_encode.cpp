#include "openai/chat_encode.h"

#include <utility>

#include "openai/call_arguments.h"
#include "openai/call_identity.h"
#include "openai/history.h"
#include "openai/plain_schema.h"
#include "openai/strict_schema.h"

namespace cartpilot::openai {
namespace {

/// Metadata this plugin wrote for Chat Completions at the very endpoint it would go back to.
const Json* own_metadata(const Json& metadata, const RequestPlan& plan) {
  const bool own = metadata.is_object() && string_or(metadata, "api") == "chat" &&
                   string_or(metadata, "endpoint") == plan.endpoint;
  return own ? &metadata : nullptr;
}

Json encode_call(const AnsweredCall& answered, const RequestPlan& plan) {
  std::string arguments = wire_arguments(*answered.call);
  const Json* metadata = own_metadata(answered.call->provider_metadata, plan);
  if (metadata != nullptr) arguments = string_or(*metadata, "arguments", arguments);
  Json call = {
      {"id", answered.id},
      {"type", "function"},
      {"function", {{"name", wire_function_name(answered.call->name)}, {"arguments", arguments}}}};
  if (metadata != nullptr && plan.server.echo_call_extras && metadata->contains("extra")) {
    for (const auto& [key, value] : (*metadata)["extra"].items()) {
      if (!call.contains(key)) call[key] = value;
    }
  }
  return call;
}

void encode_assistant(const HistoryEntry& entry, const RequestPlan& plan, Json& messages) {
  const std::string text = text_of(*entry.message);
  // A turn without words and calls has nothing to send, and servers refuse an empty one.
  if (text.empty() && entry.calls.empty()) return;
  // "" rather than null: some servers refuse null, and none refuses an empty text beside calls.
  Json message = {{"role", "assistant"}, {"content", text}};
  if (const Json* metadata = own_metadata(entry.message->provider_metadata, plan)) {
    if (plan.echo_reasoning && !entry.calls.empty() && metadata->contains("reasoning_content")) {
      message["reasoning_content"] = (*metadata)["reasoning_content"];
    }
    if (plan.server.echo_reasoning_list && metadata->contains("reasoning_details")) {
      message["reasoning_details"] = (*metadata)["reasoning_details"];
    }
  }
  if (!entry.calls.empty()) {
    Json calls = Json::array();
    for (const AnsweredCall& call : entry.calls) calls.push_back(encode_call(call, plan));
    message["tool_calls"] = std::move(calls);
  }
  messages.push_back(std::move(message));
  for (const AnsweredCall& call : entry.calls) {
    messages.push_back(Json{{"role", "tool"}, {"tool_call_id", call.id}, {"content", call.output}});
  }
}

Json encode_messages(const GenerateRequest& request, const RequestPlan& plan) {
  Json messages = Json::array();
  if (!request.system.empty()) {
    messages.push_back(
        Json{{"role", plan.developer_role ? "developer" : "system"}, {"content", request.system}});
  }
  for (const HistoryEntry& entry : pair_history(request.messages, kMaxChatCallId)) {
    if (entry.message->role == Role::kAssistant) {
      encode_assistant(entry, plan, messages);
    } else {
      messages.push_back(Json{{"role", "user"}, {"content", text_of(*entry.message)}});
    }
  }
  return messages;
}

}  // namespace

Json chat_tool(const ToolSpec& tool, bool strict) {
  Json function = {{"name", tool.name}, {"description", tool.description}};
  std::optional<Json> rewritten;
  if (strict) rewritten = strict_schema(tool.parameters);
  function["parameters"] = rewritten ? *rewritten : plain_schema(tool.parameters);
  if (rewritten) function["strict"] = true;
  return Json{{"type", "function"}, {"function", std::move(function)}};
}

Json chat_request(const GenerateRequest& request, const RequestPlan& plan) {
  Json body = {{"model", plan.model}, {"messages", encode_messages(request, plan)}};
  if (!plan.tools.empty()) {
    Json tools = Json::array();
    for (const ToolSpec* tool : plan.tools) tools.push_back(chat_tool(*tool, plan.strict));
    body["tools"] = std::move(tools);
    if (plan.tool_choice == "none" || plan.tool_choice == "required") {
      body["tool_choice"] = plan.tool_choice;
    } else if (plan.tool_choice != "auto") {
      body["tool_choice"] = {{"type", "function"}, {"function", {{"name", plan.tool_choice}}}};
    }
    if (plan.parallel_tool_calls) body["parallel_tool_calls"] = *plan.parallel_tool_calls;
  }
  if (plan.max_output_tokens) {
    body[plan.completion_limit ? "max_completion_tokens" : "max_tokens"] = *plan.max_output_tokens;
  }
  if (plan.temperature) body["temperature"] = *plan.temperature;
  if (!plan.reasoning_effort.empty()) body["reasoning_effort"] = plan.reasoning_effort;
  if (plan.stream) {
    body["stream"] = true;
    if (plan.include_usage) body["stream_options"] = {{"include_usage", true}};
  }
  return body;
}

}  // namespace cartpilot::openai
