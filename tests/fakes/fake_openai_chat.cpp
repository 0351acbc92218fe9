#include <map>

#include "fakes/fake_openai_rules.h"

namespace cartpilot::fakes::openai {
namespace {

const std::set<std::string>& known_members() {
  static const std::set<std::string> kMembers = {
      "model",           "messages",   "tools",          "tool_choice",
      "temperature",     "max_tokens", "stream",         "parallel_tool_calls",
      "top_p",           "stop",       "stream_options", "max_completion_tokens",
      "reasoning_effort"};
  return kMembers;
}

std::set<std::string> assistant_members(const OpenAiQuirks& quirks) {
  std::set<std::string> members = {"role", "content", "tool_calls"};
  if (quirks.reasoning_content) members.insert("reasoning_content");
  if (quirks.reasoning_details) members.insert("reasoning_details");
  return members;
}

void check_call(const Json& call, const OpenAiQuirks& quirks, std::set<std::string>& ids) {
  const std::string id = string_or(call, "id");
  if (id.empty() || !ids.insert(id).second)
    refuse("Q19", "tool call id empty or used twice: " + id);
  if (id.size() > 40) {
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
    if (role != "tool" && !open_.empty()) {
      refuse("Q20",
             "An assistant message with 'tool_calls' must be followed by tool messages responding "
             "to each 'tool_call_id'. Missing: " +
                 *open_.begin(),
             "messages");
    }
    if (role == "assistant") {
      check_assistant(message);
    } else if (role == "tool") {
      const std::string id = string_or(message, "tool_call_id");
      if (open_.erase(id) == 0) {
        refuse("Q21", "messages with role 'tool' must be a response to a preceding message", id);
      }
      if (!message.contains("content") || !message["content"].is_string()) {
        refuse("Q25", "Invalid type for 'content'.", "messages");
      }
    } else if (role == "system" || role == "developer" || role == "user") {
      if (!message.contains("content") || !message["content"].is_string()) {
        refuse("Q11", "Invalid type for 'content'.", "messages");
      }
    } else {
      refuse("Q11", "Invalid value: '" + role + "'.", "messages");
    }
  }

  void end() const {
    if (!open_.empty()) refuse("Q27", "tool calls without answers at the end", "messages");
  }

 private:
  void check_assistant(const Json& message) {
    for (const auto& [key, value] : message.items()) {
      if (assistant_members(quirks_).count(key) == 0) {
        refuse("Q23", "property '" + key + "' is unsupported", "messages");
      }
    }
    const bool calls = message.contains("tool_calls");
    if (!calls && (!message.contains("content") || !message["content"].is_string())) {
      refuse("Q22", "Invalid value for 'content': expected a string, got null.", "messages");
    }
    if (!calls) return;
    if (quirks_.reasoning_content && !message.contains("reasoning_content")) {
      refuse("", "The reasoning_content in the thinking mode must be passed back to the API.");
    }
    if (quirks_.reasoning_details && !message.contains("reasoning_details")) {
      refuse("reasoning_details", "reasoning_details did not come back");
    }
    bool first = true;
    for (const Json& call : message["tool_calls"]) {
      check_call(call, quirks_, ids_);
      if (quirks_.call_extras && first && !call.contains("extra_content")) {
        refuse("extra_content", "Function call is missing a thought_signature");
      }
      first = false;
      open_.insert(string_or(call, "id"));
    }
  }

  const OpenAiQuirks& quirks_;
  std::set<std::string> ids_;
  std::set<std::string> open_;
};

void check_model(const Json& body, bool tools) {
  const std::string model = string_or(body, "model");
  const ModelRules rules = model_rules(model);
  if (body.contains("max_tokens") && body.contains("max_completion_tokens")) {
    refuse("Q26", "max_tokens and max_completion_tokens exclude each other");
  }
  if (!rules.reasoning) return;
  for (const char* key : {"max_tokens", "temperature", "top_p", "stop"}) {
    if (!body.contains(key)) continue;
    refuse("",
           std::string("Unsupported parameter: '") + key + "' is not supported with this model.",
           key, "unsupported_parameter");
  }
  if (rules.no_parallel_field && body.contains("parallel_tool_calls")) {
    refuse("", "Unsupported parameter: 'parallel_tool_calls' is not supported with this model.",
           "parallel_tool_calls", "unsupported_parameter");
  }
  const bool none = string_or(body, "reasoning_effort") == "none";
  if (tools && (rules.chat_tools_never || (rules.chat_tools_need_none && !none))) {
    refuse("",
           "Function tools with reasoning_effort are not supported for " + model +
               " in /v1/chat/completions. Please use /v1/responses instead.",
           "reasoning_effort");
  }
}

void check_quirks(const Json& body, const OpenAiQuirks& quirks) {
  if (quirks.refuse_stream_options && body.contains("stream_options")) {
    refuse("", "Unknown parameter: 'stream_options'.", "stream_options", "unknown_parameter");
  }
  if (quirks.tool_choice_strings && body.contains("tool_choice") &&
      !body["tool_choice"].is_string()) {
    refuse("", "Invalid tool_choice type: 'object'. Supported string values: none, auto, required",
           "tool_choice");
  }
  if (!quirks.refuse_strict || !body.contains("tools")) return;
  for (const Json& tool : body["tools"]) {
    if (tool["function"].contains("strict")) {
      refuse("", "Unknown parameter: 'tools[0].function.strict'.", "tools[0].function.strict",
             "unknown_parameter");
    }
  }
}

Json chunk_of(const Json& body, const Json& delta, const Json& finish) {
  return Json{
      {"id", "chatcmpl-fake"},
      {"object", "chat.completion.chunk"},
      {"created", 1795400000},
      {"model", body["model"]},
      {"choices",
       Json::array({Json{
           {"index", 0}, {"delta", delta}, {"logprobs", nullptr}, {"finish_reason", finish}}})}};
}

/// Deltas of all calls; fragments of parallel calls take turns.
std::vector<Json> call_deltas(const Json& calls, const OpenAiQuirks& quirks) {
  std::vector<Json> heads;
  std::map<std::size_t, std::vector<Json>> rounds;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    Json head = Json::object();
    if (!quirks.no_index) head["index"] = quirks.index_zero ? 0 : i;
    for (const auto& [key, value] : calls[i].items()) head[key] = value;
    if (quirks.whole_calls || quirks.arguments_object || quirks.no_index || quirks.index_zero) {
      heads.push_back(Json{{"tool_calls", Json::array({head})}});
      continue;
    }
    head["function"]["arguments"] = "";
    heads.push_back(Json{{"tool_calls", Json::array({head})}});
    std::size_t round = 0;
    for (const std::string& piece : pieces_of(calls[i]["function"]["arguments"], 9)) {
      Json tail = {{"index", i}};
      if (quirks.repeat_metadata) {
        tail["id"] = calls[i]["id"];
        tail["type"] = "function";
        tail["function"]["name"] = calls[i]["function"]["name"];
      }
      tail["function"]["arguments"] = piece;
      rounds[round++].push_back(Json{{"tool_calls", Json::array({tail})}});
    }
  }
  std::vector<Json> deltas = heads;
  for (const auto& [round, tails] : rounds) deltas.insert(deltas.end(), tails.begin(), tails.end());
  return deltas;
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
      if (string_or(tool, "type") != "function" || !tool.contains("function")) {
        refuse("Q13", "Missing required parameter: '" + param + ".function'.", param);
      }
      check_function(tool["function"], param + ".function", declared);
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

ModelView chat_view(const Json& body) {
  ModelView view;
  std::map<std::string, std::string> names;
  for (const Json& message : body["messages"]) {
    const std::string role = string_or(message, "role");
    if (role == "user") view.user_texts.push_back(string_or(message, "content"));
    for (const Json& call : message.value("tool_calls", Json::array())) {
      names[string_or(call, "id")] = string_or(call["function"], "name");
    }
    if (role == "tool") {
      view.results.emplace_back(names[string_or(message, "tool_call_id")],
                                Json::parse(string_or(message, "content"), nullptr, false));
    }
    view.last_is_result = role == "tool";
  }
  return view;
}

Answer chat_answer(const Json& body, const ModelStep& step, const DeclaredTools& declared,
                   const OpenAiQuirks& quirks, std::size_t number) {
  Json message = {{"role", "assistant"}, {"content", step.text}};
  if (quirks.reasoning_content) message["reasoning_content"] = "thinking " + std::to_string(number);
  if (quirks.reasoning_details) {
    message["reasoning_details"] = Json::array(
        {Json{{"type", "reasoning.encrypted"}, {"data", "blob-" + std::to_string(number)}}});
  }
  Json calls = Json::array();
  for (std::size_t i = 0; i < step.calls.size(); ++i) {
    const Json arguments = with_nulls(step.calls[i].first, step.calls[i].second, declared);
    Json call = Json::object();
    if (!quirks.no_ids) {
      call["id"] = "call_" + std::to_string(number) + "_" + std::to_string(i) + "_0123456789abcdef";
    }
    call["type"] = "function";
    call["function"] = {{"name", step.calls[i].first}};
    call["function"]["arguments"] =
        quirks.arguments_object ? arguments : Json(dump_json(arguments));
    if (quirks.call_extras && i == 0) {
      call["extra_content"] = {
          {"google", {{"thought_signature", "sig-" + std::to_string(number)}}}};
    }
    calls.push_back(call);
  }
  const Json usage = {{"prompt_tokens", 96}, {"completion_tokens", 18}, {"total_tokens", 114}};
  const Json finish = calls.empty() || quirks.finish_stop ? "stop" : "tool_calls";

  Answer answer;
  Json whole = message;
  if (!calls.empty()) whole["tool_calls"] = calls;
  answer.whole = {
      {"id", "chatcmpl-fake"},
      {"object", "chat.completion"},
      {"created", 1795400000},
      {"model", body["model"]},
      {"choices",
       Json::array({Json{
           {"index", 0}, {"message", whole}, {"logprobs", nullptr}, {"finish_reason", finish}}})},
      {"usage", usage}};
  std::vector<Json> deltas = {Json{{"role", "assistant"}, {"content", ""}}};
  for (const char* key : {"reasoning_content", "reasoning_details"}) {
    if (message.contains(key)) deltas.push_back(Json{{key, message[key]}});
  }
  for (const std::string& piece : pieces_of(step.text, 11))
    deltas.push_back(Json{{"content", piece}});
  for (Json& delta : call_deltas(calls, quirks)) deltas.push_back(std::move(delta));
  for (std::size_t i = 0; i < deltas.size(); ++i) {
    const bool last = quirks.finish_with_delta && i + 1 == deltas.size();
    answer.events.push_back(chunk_of(body, deltas[i], last ? finish : Json()));
  }
  if (!quirks.finish_with_delta) answer.events.push_back(chunk_of(body, Json::object(), finish));
  if (body.contains("stream_options") && !quirks.no_usage) {
    Json last = chunk_of(body, Json::object(), nullptr);
    last["choices"] = Json::array();
    last["usage"] = usage;
    answer.events.push_back(last);
  }
  answer.done = !quirks.no_done;
  return answer;
}

}  // namespace cartpilot::fakes::openai
