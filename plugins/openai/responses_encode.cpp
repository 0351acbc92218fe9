#include "openai/responses_encode.h"

#include <map>
#include <utility>

#include "openai/call_arguments.h"
#include "openai/call_identity.h"
#include "openai/history.h"
#include "openai/plain_schema.h"
#include "openai/strict_schema.h"

namespace cartpilot::openai {
namespace {

Json text_message(const char* role, const char* type, const std::string& text) {
  return Json{{"type", "message"},
              {"role", role},
              {"content", Json::array({Json{{"type", type}, {"text", text}}})}};
}

/// Items as the model wrote them, when it was this API at this endpoint.
const Json* raw_output(const Message& message, const RequestPlan& plan) {
  const Json& metadata = message.provider_metadata;
  if (!metadata.is_object() || string_or(metadata, "api") != "responses" ||
      string_or(metadata, "endpoint") != plan.endpoint) {
    return nullptr;
  }
  const auto output = metadata.find("output");
  return output != metadata.end() && output->is_array() ? &*output : nullptr;
}

bool is_call(const Json& item) {
  const std::string type = string_or(item, "type");
  return type == "function_call" || type == "custom_tool_call";
}

/// Ids of items are looked up in a store that we asked not to keep; without them each item stands
/// for itself. `created_by` and the `status` of the common items are the vendor's own notes.
Json echoed(const Json& item) {
  Json copy = item;
  copy.erase("id");
  copy.erase("created_by");
  const std::string type = string_or(copy, "type");
  if (type == "reasoning" || type == "message" || is_call(copy)) copy.erase("status");
  if (type == "reasoning" && !copy.contains("summary")) copy["summary"] = Json::array();
  return copy;
}

bool is_bare_reasoning(const Json& item) {
  if (string_or(item, "type") != "reasoning") return false;
  return string_or(item, "encrypted_content").empty();
}

Json call_output(const AnsweredCall& answered, const Json* item) {
  const bool custom = item != nullptr && string_or(*item, "type") == "custom_tool_call";
  Json output = {{"type", custom ? "custom_tool_call_output" : "function_call_output"},
                 {"call_id", answered.id},
                 {"output", answered.output}};
  if (item != nullptr && item->contains("caller")) output["caller"] = (*item)["caller"];
  return output;
}

/// Echoes the raw items. False when they do not tell the same calls as the message does (somebody
/// edited the history); the message then wins.
bool encode_raw(const HistoryEntry& entry, const Json& items, Json& input) {
  std::map<std::string, const AnsweredCall*> answers;
  for (const AnsweredCall& call : entry.calls) answers[call.call->id] = &call;
  Json echo = Json::array();
  Json outputs = Json::array();
  for (const Json& item : items) {
    if (!item.is_object() || is_bare_reasoning(item)) continue;
    Json copy = echoed(item);
    if (is_call(item)) {
      const auto answer = answers.find(string_or(item, "call_id"));
      if (answer == answers.end()) return false;
      copy["call_id"] = answer->second->id;
      outputs.push_back(call_output(*answer->second, &item));
      answers.erase(answer);
    }
    echo.push_back(std::move(copy));
  }
  if (!answers.empty()) return false;
  // Reasoning belongs to the item it led to; at the end it led to nothing.
  while (!echo.empty() && string_or(echo.back(), "type") == "reasoning")
    echo.erase(echo.size() - 1);
  for (Json& item : echo) input.push_back(std::move(item));
  for (Json& output : outputs) input.push_back(std::move(output));
  return true;
}

void encode_neutral(const HistoryEntry& entry, Json& input) {
  auto answered = entry.calls.begin();
  for (const Part& part : entry.message->parts) {
    if (const auto* text = std::get_if<TextPart>(&part)) {
      if (text->text.empty()) continue;
      input.push_back(text_message("assistant", "output_text", text->text));
    } else if (const auto* call = std::get_if<ToolCall>(&part)) {
      input.push_back(Json{{"type", "function_call"},
                           {"call_id", answered->id},
                           {"name", wire_function_name(call->name)},
                           {"arguments", wire_arguments(*call)}});
      ++answered;
    }
  }
  for (const AnsweredCall& call : entry.calls) input.push_back(call_output(call, nullptr));
}

Json encode_input(const GenerateRequest& request, const RequestPlan& plan) {
  Json input = Json::array();
  for (const HistoryEntry& entry : pair_history(request.messages, kMaxResponsesCallId)) {
    if (entry.message->role == Role::kUser) {
      input.push_back(text_message("user", "input_text", text_of(*entry.message)));
      continue;
    }
    const Json* raw = raw_output(*entry.message, plan);
    if (raw == nullptr || !encode_raw(entry, *raw, input)) encode_neutral(entry, input);
  }
  return input;
}

}  // namespace

Json responses_tool(const ToolSpec& tool, bool strict, bool explicit_strict) {
  Json result = {{"type", "function"}, {"name", tool.name}, {"description", tool.description}};
  std::optional<Json> rewritten;
  if (strict) rewritten = strict_schema(tool.parameters);
  result["parameters"] = rewritten ? *rewritten : plain_schema(tool.parameters);
  if (explicit_strict) result["strict"] = rewritten.has_value();
  return result;
}

Json responses_request(const GenerateRequest& request, const RequestPlan& plan) {
  Json body = {{"model", plan.model}};
  if (!request.system.empty()) body["instructions"] = request.system;
  body["input"] = encode_input(request, plan);
  if (!plan.tools.empty()) {
    Json tools = Json::array();
    for (const ToolSpec* tool : plan.tools) {
      tools.push_back(responses_tool(*tool, plan.strict, plan.explicit_strict));
    }
    body["tools"] = std::move(tools);
    if (plan.tool_choice == "none" || plan.tool_choice == "required") {
      body["tool_choice"] = plan.tool_choice;
    } else if (plan.tool_choice != "auto") {
      body["tool_choice"] = {{"type", "function"}, {"name", plan.tool_choice}};
    }
    if (plan.parallel_tool_calls) body["parallel_tool_calls"] = *plan.parallel_tool_calls;
  }
  if (plan.max_output_tokens) body["max_output_tokens"] = *plan.max_output_tokens;
  if (plan.temperature) body["temperature"] = *plan.temperature;
  if (!plan.reasoning_effort.empty()) body["reasoning"]["effort"] = plan.reasoning_effort;
  if (!plan.reasoning_summary.empty()) body["reasoning"]["summary"] = plan.reasoning_summary;
  if (plan.stateless) body["store"] = false;
  if (plan.encrypted_reasoning) body["include"] = Json::array({"reasoning.encrypted_content"});
  if (plan.stream) body["stream"] = true;
  return body;
}

}  // namespace cartpilot::openai
