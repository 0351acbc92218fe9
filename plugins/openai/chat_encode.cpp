#include "openai/chat_encode.h"

#include <utility>

#include "openai/call_arguments.h"
#include "openai/call_identity.h"
#include "openai/history.h"
#include "openai/plain_schema.h"
#include "openai/strict_schema.h"

namespace cartpilot::openai {
namespace {

/// Metadata this plugin wrote for Chat Completions where it would go back to.
const Json* own_metadata(const Json& metadata, const Message& message, const RequestPlan& plan) {
  const bool own = is_own(metadata, message, plan) && string_or(metadata, "api") == "chat";
  return own ? &metadata : nullptr;
}

Json encode_call(const AnsweredCall& answered, const Message& message, const RequestPlan& plan) {
  std::string arguments = wire_arguments(*answered.call);
  const Json* metadata = own_metadata(answered.call->provider_metadata, message, plan);
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

/// Gemini refuses a first call without a signature. Calls that another model or vendor made have
/// none; Google's placeholder says so.
void sign_first_call(const HistoryEntry& entry, const RequestPlan& plan, Json& calls) {
  if (plan.server.server != Server::kGemini) return;
  const Json& metadata = entry.calls.front().call->provider_metadata;
  if (own_metadata(metadata, *entry.message, plan) != nullptr) return;
  calls[0]["extra_content"] = {
      {"google", {{"thought_signature", "skip_thought_signature_validator"}}}};
}

/// The thoughts of a message, where the server wants them back. One that wants them everywhere gets
/// a blank where there are none: it refuses an empty text.
void encode_reasoning(const HistoryEntry& entry, const Json* metadata, const RequestPlan& plan,
                      Json& message) {
  if (plan.echo_reasoning == Echo::kNever) return;
  if (metadata != nullptr && metadata->contains("reasoning_content")) {
    if (plan.echo_reasoning == Echo::kBesideCalls && entry.calls.empty()) return;
    const std::string field = string_or(*metadata, "reasoning_field", "reasoning_content");
    message[field] = (*metadata)["reasoning_content"];
  } else if (plan.echo_reasoning == Echo::kAlways) {
    message["reasoning_content"] = " ";
  }
}

void encode_assistant(const HistoryEntry& entry, const RequestPlan& plan, Json& messages) {
  const std::string text = text_of(*entry.message);
  const Json* metadata = own_metadata(entry.message->provider_metadata, *entry.message, plan);
  const bool own_parts = metadata != nullptr && plan.echo_parts && metadata->contains("content");
  // A turn without words and calls has nothing to send, and servers refuse an empty one.
  if (text.empty() && entry.calls.empty() && !own_parts) return;
  // "" rather than null: some servers refuse null, and none refuses an empty text beside calls.
  Json message = {{"role", "assistant"}, {"content", text}};
  if (own_parts) message["content"] = (*metadata)["content"];
  encode_reasoning(entry, metadata, plan, message);
  if (metadata != nullptr && plan.server.echo_reasoning_list &&
      metadata->contains("reasoning_details")) {
    message["reasoning_details"] = (*metadata)["reasoning_details"];
  }
  if (!entry.calls.empty()) {
    Json calls = Json::array();
    for (const AnsweredCall& call : entry.calls)
      calls.push_back(encode_call(call, *entry.message, plan));
    sign_first_call(entry, plan, calls);
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
  for (const HistoryEntry& entry : pair_history(request.messages, plan)) {
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
  // Said also when it is false: some gateways stream unless they are told not to.
  if (plan.stream || plan.say_stream) body["stream"] = plan.stream;
  if (plan.stream) {
    if (plan.include_usage) body["stream_options"] = {{"include_usage", true}};
  }
  return body;
}

}  // namespace cartpilot::openai
