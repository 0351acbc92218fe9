// Answers of the pretend Responses API.
#include <map>

#include "fakes/openai_rules.h"

namespace cartpilot::fakes::openai {
namespace {

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

void add_item_events(const Json& item, std::size_t index, bool whole, EventList& list) {
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
    for (const std::string& piece : pieces_of(item["arguments"], whole ? 1U << 20 : 9)) {
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

ModelView responses_view(const Json& body, const IssuedOutputs& issued) {
  ModelView view;
  std::map<std::string, std::string> names;
  for (const Issued& one : issued) {
    for (const Json& item : one.output) names[string_or(item, "call_id")] = string_or(item, "name");
  }
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
                        const OpenAiQuirks& quirks, std::size_t number, IssuedOutputs& issued) {
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
    Json call = {{"type", "function_call"},
                 {"id", "fc_" + id + "_" + std::to_string(i)},
                 {"call_id", "call_r" + id + "_" + std::to_string(i)},
                 {"name", step.calls[i].first},
                 {"arguments", dump_json(arguments)},
                 {"status", "completed"}};
    if (quirks.call_origin) {
      call["namespace"] = "shop";
      call["caller"] = {{"type", "direct"}};
    }
    output.push_back(std::move(call));
  }
  if (!output.empty()) {
    issued.push_back({"resp_" + id, output, body.contains("instructions"), body["store"] == true});
  }

  Json response = {
      {"id", "resp_" + id},      {"object", "response"},    {"created_at", 1795400000},
      {"status", "in_progress"}, {"error", nullptr},        {"incomplete_details", nullptr},
      {"model", body["model"]},  {"output", Json::array()}, {"usage", nullptr}};
  EventList list;
  list.add("response.created", {{"response", response}});
  list.add("response.in_progress", {{"response", response}});
  for (std::size_t i = 0; i < output.size(); ++i) {
    add_item_events(output[i], i, quirks.whole_items, list);
  }
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
