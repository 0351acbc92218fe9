// Answers of the pretend Chat Completions, with the habits of other servers.
#include <map>

#include "fakes/openai_rules.h"

namespace cartpilot::fakes::openai {
namespace {

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

Json call_delta(const Json& call) { return Json{{"tool_calls", Json::array({call})}}; }

/// Deltas of all calls; fragments of parallel calls take turns.
std::vector<Json> call_deltas(const Json& calls, const OpenAiQuirks& quirks) {
  std::vector<Json> heads;
  std::map<std::size_t, std::vector<Json>> rounds;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    Json head = Json::object();
    if (!quirks.no_index) head["index"] = quirks.index_zero ? 0 : i;
    for (const auto& [key, value] : calls[i].items()) head[key] = value;
    if (quirks.whole_calls || quirks.arguments_object || quirks.no_index || quirks.index_zero) {
      heads.push_back(call_delta(head));
      continue;
    }
    head["function"]["arguments"] = "";
    heads.push_back(call_delta(head));
    std::size_t round = 0;
    for (const std::string& piece : pieces_of(calls[i]["function"]["arguments"], 9)) {
      Json tail = {{"index", i}};
      if (quirks.repeat_metadata || quirks.null_metadata) {
        const bool null = quirks.null_metadata;
        tail["id"] = null ? Json() : calls[i]["id"];
        tail["type"] = null ? Json() : Json("function");
        tail["function"]["name"] = null ? Json() : calls[i]["function"]["name"];
      }
      tail["function"]["arguments"] = piece;
      rounds[round++].push_back(call_delta(tail));
    }
  }
  std::vector<Json> deltas = heads;
  for (const auto& [round, tails] : rounds) deltas.insert(deltas.end(), tails.begin(), tails.end());
  return deltas;
}

Json calls_of(const ModelStep& step, const DeclaredTools& declared, const OpenAiQuirks& quirks,
              const std::string& number) {
  Json calls = Json::array();
  for (std::size_t i = 0; i < step.calls.size(); ++i) {
    const auto& [name, given] = step.calls[i];
    const Json arguments = with_nulls(name, given, declared);
    Json call = Json::object();
    if (!quirks.no_ids) {
      call["id"] = (quirks.long_ids ? "chatcmpl-tool-0123456789abcdef0123456789abcdef_" : "call_") +
                   number + "_" + std::to_string(i);
    }
    call["type"] = "function";
    call["function"] = {{"name", name}};
    call["function"]["arguments"] =
        quirks.arguments_object ? arguments : Json(dump_json(arguments));
    if (quirks.call_extras && i == 0) {
      call["extra_content"] = {{"google", {{"thought_signature", "sig-" + number}}}};
    }
    calls.push_back(call);
  }
  return calls;
}

Json usage_of(int output_tokens) {
  return {{"prompt_tokens", 96},
          {"completion_tokens", output_tokens},
          {"total_tokens", 96 + output_tokens},
          {"prompt_tokens_details", {{"cached_tokens", 32}}},
          {"completion_tokens_details", {{"reasoning_tokens", 3}}}};
}

/// The events of a stream, in the form of this server.
class ChunkList {
 public:
  ChunkList(const Json& body, const OpenAiQuirks& quirks) : body_(body), quirks_(quirks) {}

  void preamble() {
    if (!quirks_.filter_notes) return;
    events.push_back(Json{{"choices", Json::array()},
                          {"created", 0},
                          {"id", ""},
                          {"model", ""},
                          {"object", ""},
                          {"prompt_filter_results", Json::array({Json{{"prompt_index", 0}}})}});
  }

  void add(const Json& delta, const Json& finish) {
    Json chunk = chunk_of(body_, delta, finish);
    Json& choice = chunk["choices"][0];
    if (quirks_.filter_notes) choice["content_filter_results"] = Json::object();
    if (quirks_.native_finish) {
      choice["native_finish_reason"] = finish.is_null() ? finish : Json("completed");
    }
    if (body_.contains("stream_options")) chunk["usage"] = nullptr;
    if (quirks_.usage_everywhere) chunk["usage"] = usage_of(static_cast<int>(events.size()));
    if (quirks_.usage_with_finish && !finish.is_null()) chunk["x_groq"]["usage"] = usage_of(18);
    if (quirks_.obfuscation) chunk["obfuscation"] = std::string(1 + events.size() % 7, 'x');
    events.push_back(std::move(chunk));
  }

  void usage() {
    const bool wanted = body_.contains("stream_options") && !quirks_.no_usage &&
                        !quirks_.usage_with_finish && !quirks_.usage_everywhere;
    if (!wanted) return;
    Json last = chunk_of(body_, Json::object(), nullptr);
    last["choices"] = Json::array();
    last["usage"] = usage_of(18);
    events.push_back(std::move(last));
  }

  std::vector<Json> events;

 private:
  const Json& body_;
  const OpenAiQuirks& quirks_;
};

}  // namespace

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

Answer chat_answer(const Json& body, ModelStep step, const DeclaredTools& declared,
                   const OpenAiQuirks& quirks, std::size_t number) {
  if (quirks.one_call && !body.value("parallel_tool_calls", false) && step.calls.size() > 1) {
    step.calls.resize(1);
  }
  Json message = {{"role", "assistant"}, {"content", step.text}};
  if (!quirks.reasoning_field.empty()) {
    message[quirks.reasoning_field] = "thinking " + std::to_string(number);
  }
  if (quirks.reasoning_details) {
    message["reasoning_details"] = Json::array(
        {Json{{"type", "reasoning.encrypted"}, {"data", "blob-" + std::to_string(number)}}});
  }
  const Json calls = calls_of(step, declared, quirks, std::to_string(number));
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
           {"index", 0}, {"message", whole}, {"logprobs", nullptr}, {"finish_reason", finish}}})}};
  if (!quirks.no_usage) answer.whole["usage"] = usage_of(18);

  std::vector<Json> deltas = {Json{{"role", "assistant"}, {"content", ""}}};
  for (const char* key : {"reasoning_content", "reasoning", "reasoning_details"}) {
    if (message.contains(key)) deltas.push_back(Json{{key, message[key]}});
  }
  for (const std::string& piece : pieces_of(step.text, 11))
    deltas.push_back(Json{{"content", piece}});
  for (Json& delta : call_deltas(calls, quirks)) deltas.push_back(std::move(delta));
  ChunkList chunks(body, quirks);
  chunks.preamble();
  for (std::size_t i = 0; i < deltas.size(); ++i) {
    const bool last = quirks.finish_with_delta && i + 1 == deltas.size();
    chunks.add(deltas[i], last ? finish : Json());
  }
  if (!quirks.finish_with_delta) chunks.add(Json::object(), finish);
  chunks.usage();
  answer.events = std::move(chunks.events);
  answer.done = !quirks.no_done;
  return answer;
}

}  // namespace cartpilot::fakes::openai
