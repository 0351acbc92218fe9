#include <map>

#include "fakes/fake_openai_rules.h"

namespace cartpilot::fakes::openai {
namespace {

constexpr const char* kIncludeReasoning = "reasoning.encrypted_content";

const std::set<std::string>& known_members() {
  static const std::set<std::string> kMembers = {
      "model",  "input",     "instructions",      "tools",
      "store",  "include",   "max_output_tokens", "tool_choice",
      "stream", "reasoning", "temperature",       "parallel_tool_calls",
      "text"};
  return kMembers;
}

/// The part of an item that has to come back.
Json essence(const Json& item) {
  Json copy = item;
  copy.erase("id");
  copy.erase("status");
  return copy;
}

void check_parts(const Json& item) {
  const std::string role = string_or(item, "role");
  if (role != "user" && role != "assistant" && role != "system" && role != "developer") {
    refuse("Q32",
           "Invalid value: '" + role +
               "'. Supported values are: 'assistant', 'system', "
               "'developer', and 'user'.",
           "input");
  }
  if (!item.contains("content")) refuse("Q33", "Missing required parameter: 'content'.", "input");
  if (item["content"].is_string()) return;
  for (const Json& part : item["content"]) {
    const std::string type = string_or(part, "type");
    const bool fits = role == "assistant" ? type == "output_text" || type == "refusal"
                                          : type == "input_text" || type == "input_image";
    if (!fits) refuse("Q33", "Invalid value: '" + type + "' for role " + role, "input");
  }
}

/// Follows the items: every call answered once, reasoning only where it led to something.
class ItemRules {
 public:
  void check(const Json& item) {
    const std::string type = string_or(item, "type", item.contains("role") ? "message" : "");
    if (item.contains("id")) {
      refuse("Q36", "Item with id '" + string_or(item, "id") +
                        "' not found. Items are not persisted when 'store' is set to false.");
    }
    reasoning_last_ = type == "reasoning";
    if (type == "message") {
      check_parts(item);
    } else if (type == "function_call") {
      open_call(item);
      if (!Json::parse(string_or(item, "arguments"), nullptr, false).is_object()) {
        refuse("Q38", "arguments of a function_call are no JSON object", "input");
      }
    } else if (type == "custom_tool_call") {
      open_call(item);
    } else if (type == "function_call_output" || type == "custom_tool_call_output") {
      const std::string id = string_or(item, "call_id");
      if (open_.erase(id) == 0) {
        refuse("Q34", "No tool call found for function call output with call_id " + id + ".",
               "input");
      }
      if (!item.contains("output") || !item["output"].is_string()) {
        refuse("Q35", "Missing required parameter: 'output'.", "input");
      }
    } else if (type == "reasoning") {
      if (!item.contains("summary") || string_or(item, "encrypted_content").empty()) {
        refuse("Q37", "reasoning without summary or encrypted_content", "input");
      }
    } else if (type.rfind("unknown_", 0) != 0) {
      refuse("Q32", "Invalid value: '" + type + "'.", "input");
    }
  }

  void end() const {
    if (!open_.empty()) {
      refuse("Q34", "No tool output found for function call " + *open_.begin() + ".", "input");
    }
    if (reasoning_last_) {
      refuse("Q40", "Item of type 'reasoning' was provided without its required following item.");
    }
  }

 private:
  void open_call(const Json& item) {
    const std::string id = string_or(item, "call_id");
    if (id.empty() || id.size() > 64) {
      refuse("Q35", "Invalid 'input[0].call_id': string too long. Expected maximum length 64",
             "input");
    }
    if (!seen_.insert(id).second) refuse("Q34", "call_id used twice: " + id, "input");
    if (string_or(item, "name").empty()) refuse("Q38", "function_call without name", "input");
    open_.insert(id);
  }

  std::set<std::string> seen_;
  std::set<std::string> open_;
  bool reasoning_last_ = false;
};

/// An answer that is quoted at all is quoted whole and in order.
void check_issued(const Json& input, const IssuedOutputs& issued) {
  for (const Json& output : issued) {
    std::optional<std::size_t> start;
    bool quoted = false;
    for (std::size_t at = 0; at < input.size(); ++at) {
      for (const Json& item : output) {
        const bool same_call = item.contains("call_id") && input[at].contains("call_id") &&
                               string_or(input[at], "type") == "function_call" &&
                               item["call_id"] == input[at]["call_id"];
        quoted = quoted || same_call;
      }
      if (!start && essence(input[at]) == essence(output[0])) start = at;
    }
    if (!quoted) continue;
    bool same = start.has_value() && *start + output.size() <= input.size();
    for (std::size_t i = 0; same && i < output.size(); ++i) {
      same = essence(input[*start + i]) == essence(output[i]);
    }
    if (!same) {
      refuse("Q37",
             "Item of type 'function_call' was provided without its required 'reasoning' "
             "item, or not as it was issued",
             "input");
    }
  }
}

void check_top(const Json& body) {
  for (const char* key : {"messages", "max_tokens", "reasoning_effort", "response_format",
                          "functions", "stop", "n", "stream_options"}) {
    if (body.contains(key)) refuse("Q28", std::string("Unknown parameter: '") + key + "'.", key);
  }
  check_members(body, known_members(), "Q6");
  if (!body.contains("store") || body["store"] != false) {
    refuse("Q30", "this test server wants store:false", "store");
  }
  const bool included =
      body.contains("include") && body["include"] == Json::array({kIncludeReasoning});
  if (included != model_rules(string_or(body, "model")).reasoning) {
    refuse("Q31", "include of encrypted reasoning belongs to reasoning models, and to all of them",
           "include");
  }
  if (body.contains("max_output_tokens") && integer_or(body, "max_output_tokens") < 16) {
    refuse("Q39", "Invalid 'max_output_tokens': integer below minimum value 16",
           "max_output_tokens", "integer_below_min_value");
  }
  if (body.contains("temperature") && model_rules(string_or(body, "model")).reasoning) {
    refuse("", "Unsupported parameter: 'temperature' is not supported with this model.",
           "temperature");
  }
}

/// Collects events with their running number.
class EventList {
 public:
  void add(const std::string& type, Json members) {
    Json event = {{"type", type}, {"sequence_number", events.size()}};
    for (auto& [key, value] : members.items()) event[key] = value;
    events.push_back(std::move(event));
  }
  std::vector<Json> events;
};

void add_item_events(const Json& item, std::size_t index, EventList& list) {
  const std::string type = string_or(item, "type");
  Json opened = item;
  opened["status"] = "in_progress";
  if (type == "reasoning") opened["encrypted_content"] = "added-is-not-final";
  if (type == "function_call") opened["arguments"] = "";
  if (type == "message") opened["content"] = Json::array();
  list.add("response.output_item.added", {{"output_index", index}, {"item", opened}});
  if (type == "reasoning") {
    list.add(
        "response.reasoning_summary_text.delta",
        {{"output_index", index}, {"summary_index", 0}, {"delta", item["summary"][0]["text"]}});
  } else if (type == "function_call") {
    for (const std::string& piece : pieces_of(item["arguments"], 9)) {
      // Some gateways change item_id from event to event; output_index is what holds.
      list.add("response.function_call_arguments.delta",
               {{"item_id", "fc_" + std::to_string(list.events.size())},
                {"output_index", index},
                {"delta", piece}});
    }
    list.add("response.function_call_arguments.done",
             {{"output_index", index}, {"arguments", item["arguments"]}});
  } else {
    for (const std::string& piece : pieces_of(item["content"][0]["text"], 11)) {
      list.add("response.output_text.delta",
               {{"output_index", index}, {"content_index", 0}, {"delta", piece}});
    }
  }
  list.add("keepalive", Json::object());
  list.add("response.output_item.done", {{"output_index", index}, {"item", item}});
}

}  // namespace

DeclaredTools check_responses(const Json& body, const IssuedOutputs& issued) {
  check_top(body);
  DeclaredTools declared;
  const Json tools = body.value("tools", Json::array());
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const std::string param = "tools[" + std::to_string(i) + "]";
    if (string_or(tools[i], "type") != "function" || tools[i].contains("function")) {
      refuse("Q28", "Missing required parameter: '" + param + ".name'.", param + ".name");
    }
    check_function(tools[i], param, declared);
    if (!tools[i].contains("strict") || !tools[i]["strict"].is_boolean()) {
      refuse("Q29", "strict is not explicit", param + ".strict");
    }
  }
  if (body.contains("tools") && tools.empty()) refuse("Q13", "Invalid 'tools': empty array.");
  check_tool_choice(body, declared, false);
  const Json input = body.value("input", Json());
  if (!input.is_array() || input.empty()) refuse("Q11", "Invalid 'input'.", "input");
  ItemRules rules;
  for (const Json& item : input) rules.check(item);
  rules.end();
  check_issued(input, issued);
  return declared;
}

ModelView responses_view(const Json& body) {
  ModelView view;
  std::map<std::string, std::string> names;
  for (const Json& item : body["input"]) {
    const std::string type = string_or(item, "type");
    if (type == "message" && string_or(item, "role") == "user") {
      view.user_texts.push_back(string_or(item["content"][0], "text"));
    }
    if (type == "function_call") names[string_or(item, "call_id")] = string_or(item, "name");
    view.last_is_result = type == "function_call_output";
    if (view.last_is_result) {
      view.results.emplace_back(names[string_or(item, "call_id")],
                                Json::parse(string_or(item, "output"), nullptr, false));
    }
  }
  return view;
}

Answer responses_answer(const Json& body, const ModelStep& step, const DeclaredTools& declared,
                        std::size_t number, IssuedOutputs& issued) {
  const std::string id = std::to_string(number);
  Json output = Json::array();
  if (model_rules(string_or(body, "model")).reasoning) {
    output.push_back(
        Json{{"type", "reasoning"},
             {"id", "rs_" + id},
             {"summary", Json::array({Json{{"type", "summary_text"}, {"text", "Thought " + id}}})},
             {"encrypted_content", "gAAAA-done-" + id}});
  }
  if (!step.text.empty()) {
    output.push_back(Json{{"type", "message"},
                          {"id", "msg_" + id},
                          {"role", "assistant"},
                          {"status", "completed"},
                          {"phase", step.calls.empty() ? "final_answer" : "commentary"},
                          {"content", Json::array({Json{{"type", "output_text"},
                                                        {"text", step.text},
                                                        {"annotations", Json::array()}}})}});
  }
  for (std::size_t i = 0; i < step.calls.size(); ++i) {
    const Json arguments = with_nulls(step.calls[i].first, step.calls[i].second, declared);
    output.push_back(Json{{"type", "function_call"},
                          {"id", "fc_" + id + "_" + std::to_string(i)},
                          {"call_id", "call_r" + id + "_" + std::to_string(i)},
                          {"name", step.calls[i].first},
                          {"arguments", dump_json(arguments)},
                          {"status", "completed"}});
  }
  if (!output.empty()) issued.push_back(output);

  Json response = {
      {"id", "resp_" + id},      {"object", "response"},    {"created_at", 1795400000},
      {"status", "in_progress"}, {"error", nullptr},        {"incomplete_details", nullptr},
      {"model", body["model"]},  {"output", Json::array()}, {"usage", nullptr}};
  EventList list;
  list.add("response.created", {{"response", response}});
  list.add("response.in_progress", {{"response", response}});
  for (std::size_t i = 0; i < output.size(); ++i) add_item_events(output[i], i, list);
  Json last = output;
  for (Json& item : last) {
    if (item.contains("encrypted_content")) item["encrypted_content"] = "completed-differs";
  }
  response["status"] = "completed";
  response["output"] = last;
  response["usage"] = {{"input_tokens", 120},
                       {"input_tokens_details", {{"cached_tokens", 20}}},
                       {"output_tokens", 40},
                       {"output_tokens_details", {{"reasoning_tokens", 16}}},
                       {"total_tokens", 160}};
  list.add("response.completed", {{"response", response}});

  Answer answer;
  answer.events = std::move(list.events);
  answer.named = true;
  answer.whole = response;
  answer.whole["output"] = output;
  return answer;
}

}  // namespace cartpilot::fakes::openai
