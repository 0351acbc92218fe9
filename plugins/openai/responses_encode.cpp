#include "openai/responses_encode.h"

#include <map>
#include <utility>

#include "openai/call_arguments.h"
#include "openai/call_identity.h"
#include "openai/history.h"
#include "openai/plain_schema.h"
#include "openai/responses_items.h"
#include "openai/strict_schema.h"

namespace cartpilot::openai {
namespace {

Json user_message(const std::string& text) {
  return Json{{"type", "message"},
              {"role", "user"},
              {"content", Json::array({Json{{"type", "input_text"}, {"text", text}}})}};
}

/// What an assistant said, in the form that needs no id: an output_text does, by the vendor's
/// schema and for servers that check it.
Json assistant_message(const std::string& text) {
  return Json{{"type", "message"}, {"role", "assistant"}, {"content", text}};
}

/// Items as the model wrote them, when it was this API at this endpoint.
const Json* raw_output(const Message& message, const RequestPlan& plan) {
  const Json& metadata = message.provider_metadata;
  if (!is_own(metadata, message, plan) || string_or(metadata, "api") != "responses") return nullptr;
  const auto output = metadata.find("output");
  return output != metadata.end() && output->is_array() ? &*output : nullptr;
}

bool is_call(const Json& item) {
  const std::string type = string_or(item, "type");
  return type == "function_call" || type == "custom_tool_call";
}

/// True for a message that has everything the vendor's schema asks of one: it goes back whole.
bool is_whole_message(const Json& item) {
  if (string_or(item, "id").empty() || string_or(item, "status").empty()) return false;
  if (string_or(item, "role") != "assistant" || !item.contains("content")) return false;
  if (!item["content"].is_array() || item["content"].empty()) return false;
  for (const Json& part : item["content"]) {
    const std::string type = string_or(part, "type");
    const bool text = type == "output_text" && part.contains("text") && part["text"].is_string() &&
                      part.contains("annotations") && part["annotations"].is_array();
    // A part of a type nobody knows goes back as it came.
    const bool other = type != "output_text" && !type.empty();
    if (!text && !other) return false;
  }
  return true;
}

/// The item on its way back. Reasoning needs its id by the vendor's schema, and a message its id,
/// status and annotations; services that look ids up although nothing is stored get none.
Json echoed(const Json& item, const RequestPlan& plan) {
  const std::string type = string_or(item, "type");
  const ItemKind kind = kind_of(item);
  if (kind == ItemKind::kMessage && (!plan.item_ids || !is_whole_message(item))) {
    Json message = assistant_message(message_text(item));
    if (item.contains("phase")) message["phase"] = item["phase"];
    return message;
  }
  Json copy = item;
  copy.erase("created_by");
  if (!plan.item_ids) copy.erase("id");
  // Not a member of these in requests; of the others it is allowed.
  if (type == "custom_tool_call" || (!plan.item_ids && kind != ItemKind::kOther)) {
    copy.erase("status");
  }
  if (type == "reasoning" && !copy.contains("summary")) copy["summary"] = Json::array();
  return copy;
}

/// Thoughts that only the service's store could complete, and we ask it to keep none.
bool is_bare_reasoning(const Json& item) {
  if (string_or(item, "type") != "reasoning") return false;
  const bool readable =
      item.contains("content") && item["content"].is_array() && !item["content"].empty();
  return string_or(item, "encrypted_content").empty() && !readable;
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
bool encode_raw(const HistoryEntry& entry, const Json& items, const RequestPlan& plan,
                Json& input) {
  std::map<std::string, const AnsweredCall*> answers;
  for (const AnsweredCall& call : entry.calls) answers[call.call->id] = &call;
  Json echo = Json::array();
  Json outputs = Json::array();
  for (const Json& item : items) {
    if (!item.is_object() || is_bare_reasoning(item)) continue;
    Json copy = echoed(item, plan);
    if (copy.contains("content") && copy["content"] == "") continue;  // parts of no use elsewhere
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
      input.push_back(assistant_message(text->text));
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
  for (const HistoryEntry& entry : pair_history(request.messages, plan)) {
    if (entry.message->role == Role::kUser) {
      input.push_back(user_message(text_of(*entry.message)));
      continue;
    }
    const Json* raw = raw_output(*entry.message, plan);
    if (raw == nullptr || !encode_raw(entry, *raw, plan, input)) encode_neutral(entry, input);
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
  if (plan.stream || plan.say_stream) body["stream"] = plan.stream;
  return body;
}

}  // namespace cartpilot::openai
