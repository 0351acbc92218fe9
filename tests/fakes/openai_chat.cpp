#include <cctype>

#include "fakes/openai_rules.h"

namespace cartpilot::fakes::openai {
namespace {

const std::set<std::string>& known_members() {
  static const std::set<std::string> kMembers = {"model",
                                                 "messages",
                                                 "tools",
                                                 "tool_choice",
                                                 "temperature",
                                                 "max_tokens",
                                                 "stream",
                                                 "parallel_tool_calls",
                                                 "top_p",
                                                 "stop",
                                                 "stream_options",
                                                 "max_completion_tokens",
                                                 "n",
                                                 "seed",
                                                 "frequency_penalty",
                                                 "logit_bias",
                                                 "presence_penalty",
                                                 "logprobs",
                                                 "reasoning_effort"};
  return kMembers;
}

std::set<std::string> message_members(const std::string& role, const OpenAiQuirks& quirks) {
  std::set<std::string> members = {"role", "content"};
  if (role == "tool") members.insert("tool_call_id");
  if (role == "assistant") {
    members.insert({"tool_calls", "refusal"});
    if (quirks.wants_reasoning) members.insert(quirks.reasoning_field);
    if (quirks.reasoning_details) members.insert("reasoning_details");
  }
  return members;
}

/// Whether these servers gave the id: "call_ANSWER_CALL".
bool issued_here(const std::string& id) {
  return id.rfind("call_", 0) == 0 && id.find('_', 5) != std::string::npos;
}

/// Every first call has a signature, one of this server its own.
void check_signature(const Json& call) {
  const Json signature = call.value("/extra_content/google/thought_signature"_json_pointer, Json());
  if (!signature.is_string()) {
    refuse("extra_content", "Function call is missing a thought_signature");
  }
  if (issued_here(string_or(call, "id")) && signature == "skip_thought_signature_validator") {
    refuse("extra_content", "Corrupted thought signature");
  }
}

/// A text, or parts of the kinds that this role may send.
bool fits(const Json& message, const std::set<std::string>& kinds) {
  if (!message.contains("content")) return false;
  const Json& content = message["content"];
  if (content.is_string()) return true;
  if (!content.is_array() || content.empty()) return false;
  for (const Json& part : content) {
    if (kinds.count(string_or(part, "type")) == 0) return false;
  }
  return true;
}

void check_call(const Json& call, const OpenAiQuirks& quirks, std::set<std::string>& ids) {
  const std::string id = string_or(call, "id");
  if (id.empty() || !ids.insert(id).second)
    refuse("Q19", "tool call id empty or used twice: " + id);
  if (id.size() > 40 && !quirks.long_ids) {
    refuse("Q19", "Invalid 'tool_calls[0].id': string too long. Expected maximum length 40", "",
           "string_above_max_length");
  }
  if (string_or(call, "type") != "function" || !call.contains("function")) {
    refuse("Q19", "Missing required parameter: 'tool_calls[0].type'.");
  }
  const Json& function = call["function"];
  if (!function.contains("arguments") || !function["arguments"].is_string()) {
    refuse("Q19", "'arguments' must be a string");
  }
  if (!Json::parse(function["arguments"].get<std::string>(), nullptr, false).is_object()) {
    refuse("Q19", "invalid tool call arguments");
  }
  for (const auto& [key, value] : call.items()) {
    const bool known = key == "id" || key == "type" || key == "function" ||
                       (quirks.call_extras && key == "extra_content");
    if (!known) refuse("Q23", "property '" + key + "' is unsupported", "messages");
  }
}

/// Follows the conversation: calls, then exactly one answer for each, before anything else.
class MessageRules {
 public:
  explicit MessageRules(const OpenAiQuirks& quirks) : quirks_(quirks) {}

  void check(const Json& message) {
    const std::string role = string_or(message, "role");
    if (role == "tool") {
      check_answer(message);
      return;
    }
    if (!open_.empty()) {
      refuse("Q20",
             "An assistant message with 'tool_calls' must be followed by tool messages responding "
             "to each 'tool_call_id'. Missing: " +
                 *open_.begin(),
             "messages");
    }
    answered_.clear();
    check_members(message, role);
    if (role == "assistant") {
      check_assistant(message);
    } else if (role == "user") {
      if (!fits(message, {"text", "image_url", "input_audio", "file"})) refuse_content(message);
    } else if (role == "system" || role == "developer") {
      if (!fits(message, {"text"})) refuse_content(message);
    } else {
      refuse("Q11", "Invalid value: '" + role + "'.", "messages");
    }
  }

  void end() const {
    if (!open_.empty()) refuse("Q27", "tool calls without answers at the end", "messages");
  }

 private:
  [[noreturn]] static void refuse_content(const Json& message) {
    refuse("Q11", "Invalid type for 'content' of role " + string_or(message, "role"), "messages");
  }

  void check_members(const Json& message, const std::string& role) const {
    const std::set<std::string> known = message_members(role, quirks_);
    for (const auto& [key, value] : message.items()) {
      if (known.count(key) == 0) {
        refuse("Q23", "property '" + key + "' is unsupported", "messages");
      }
    }
  }

  void check_answer(const Json& message) {
    const std::string id = string_or(message, "tool_call_id");
    if (answered_.count(id) != 0) refuse("Q20", "a second answer to " + id, "messages");
    if (open_.erase(id) == 0) {
      refuse("Q21", "messages with role 'tool' must be a response to a preceding message", id);
    }
    answered_.insert(id);
    check_members(message, "tool");
    if (!fits(message, {"text"})) {
      refuse("Q25", "Invalid type for 'content': expected a string or text parts.", "messages");
    }
  }

  void check_assistant(const Json& message) {
    const bool calls = message.contains("tool_calls");
    const bool said = fits(message, {"text", "refusal"}) || !string_or(message, "refusal").empty();
    if (!calls && !said) {
      refuse("Q22", "Invalid value for 'content': expected a string, got null.", "messages");
    }
    if (!calls) return;
    if (!message["tool_calls"].is_array() || message["tool_calls"].empty()) {
      refuse("Q19", "Invalid 'tool_calls': empty array.", "messages");
    }
    if (quirks_.wants_reasoning && !message.contains(quirks_.reasoning_field)) {
      refuse_learnable(
          "", "The reasoning_content in the thinking mode must be passed back to the API.");
    }
    const Json& first = message["tool_calls"][0];
    if (quirks_.reasoning_details && issued_here(string_or(first, "id")) &&
        !message.contains("reasoning_details")) {
      refuse("reasoning_details", "reasoning_details did not come back");
    }
    for (const Json& call : message["tool_calls"]) {
      check_call(call, quirks_, ids_);
      open_.insert(string_or(call, "id"));
    }
    if (quirks_.call_extras) check_signature(first);
  }

  const OpenAiQuirks& quirks_;
  std::set<std::string> ids_;
  std::set<std::string> open_;
  std::set<std::string> answered_;  ///< since the last message of another role
};

void check_model(const Json& body, bool tools) {
  const std::string model = string_or(body, "model");
  const ModelRules rules = model_rules(model);
  if (body.contains("max_tokens") && body.contains("max_completion_tokens")) {
    refuse("Q26", "max_tokens and max_completion_tokens exclude each other");
  }
  if (!rules.reasoning) return;
  for (const char* key :
       {"max_tokens", "top_p", "stop", "frequency_penalty", "presence_penalty", "logit_bias"}) {
    if (!body.contains(key)) continue;
    refuse_learnable(
        "Q24",
        std::string("Unsupported parameter: '") + key + "' is not supported with this model.", key,
        "unsupported_parameter");
  }
  if (body.contains("temperature") && body["temperature"] != 1) {
    refuse_learnable(
        "Q24",
        "Unsupported value: 'temperature' does not support 0 with this model. Only the "
        "default (1) value is supported.",
        "temperature", "unsupported_value");
  }
  if (rules.no_parallel_field && body.contains("parallel_tool_calls")) {
    refuse_learnable(
        "Q24", "Unsupported parameter: 'parallel_tool_calls' is not supported with this model.",
        "parallel_tool_calls", "unsupported_parameter");
  }
  const bool none = string_or(body, "reasoning_effort") == "none";
  if (tools && rules.chat_tools_need_none && !none) {
    refuse_learnable("Q24",
                     "Function tools with reasoning_effort are not supported for " + model +
                         " in /v1/chat/completions. To use function tools, use /v1/responses or "
                         "set reasoning_effort to 'none'.",
                     "reasoning_effort");
  }
  if (tools && rules.chat_tools_never) {
    refuse_learnable("Q24",
                     "Function tools with reasoning_effort are not supported for " + model +
                         " in /v1/chat/completions. Please use /v1/responses instead.",
                     "reasoning_effort");
  }
}

void check_quirks(const Json& body, const OpenAiQuirks& quirks) {
  if (quirks.refuse_stream_options && body.contains("stream_options")) {
    refuse_learnable("", "Unknown parameter: 'stream_options'.", "stream_options",
                     "unknown_parameter");
  }
  if (quirks.tool_choice_strings && body.contains("tool_choice") &&
      !body["tool_choice"].is_string()) {
    refuse("tool_choice",
           "Invalid tool_choice type: 'object'. Supported string values: none, auto, required",
           "tool_choice");
  }
  for (const char* limit : {"max_tokens", "max_completion_tokens"}) {
    if (quirks.limit_field.empty() || quirks.limit_field == limit || !body.contains(limit))
      continue;
    refuse("limit", std::string("this server does not read '") + limit + "'", limit);
  }
  if (!quirks.refuse_strict || !body.contains("tools")) return;
  for (const Json& tool : body["tools"]) {
    if (tool["function"].contains("strict")) {
      refuse_learnable("", "Unknown parameter: 'tools[0].function.strict'.",
                       "tools[0].function.strict", "unknown_parameter");
    }
  }
}

}  // namespace

DeclaredTools check_chat(const Json& body, const OpenAiQuirks& quirks) {
  for (const char* key : {"input", "instructions", "max_output_tokens", "include"}) {
    if (body.contains(key)) refuse("Q12", std::string("Unknown parameter: '") + key + "'.", key);
  }
  check_members(body, known_members(), "Q6");
  DeclaredTools declared;
  if (body.contains("tools")) {
    if (!body["tools"].is_array() || body["tools"].empty() || body["tools"].size() > 128) {
      refuse("Q13", "Invalid 'tools': array too short or too long.", "tools");
    }
    for (std::size_t i = 0; i < body["tools"].size(); ++i) {
      const Json& tool = body["tools"][i];
      const std::string param = "tools[" + std::to_string(i) + "]";
      if (string_or(tool, "type") == "function" && tool.contains("name")) {
        refuse("Q12", "Missing required parameter: '" + param + ".function'.", param);
      }
      if (string_or(tool, "type") != "function" || !tool.contains("function")) {
        refuse("Q13", "Missing required parameter: '" + param + ".function'.", param);
      }
      check_function(tool["function"], param + ".function", declared);
      const std::string name = string_or(tool["function"], "name");
      if (quirks.names_begin_with_letter && name[0] != '_' && std::isalpha(name[0]) == 0) {
        refuse("Q14", "Invalid function name: must start with a letter or underscore", param);
      }
    }
  }
  check_quirks(body, quirks);
  check_tool_choice(body, declared, true);
  if (body.contains("stream_options") && body.value("stream", false) == false) {
    refuse("Q18", "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
  }
  if (!body.contains("messages") || !body["messages"].is_array() || body["messages"].empty()) {
    refuse("Q11", "Invalid 'messages'.", "messages");
  }
  MessageRules rules(quirks);
  for (const Json& message : body["messages"]) rules.check(message);
  rules.end();
  check_model(body, !declared.names.empty());
  return declared;
}

}  // namespace cartpilot::fakes::openai
