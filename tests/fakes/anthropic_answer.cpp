#include <fmt/format.h>

#include "fakes/anthropic_rules.h"

// What a model says, as a message and as the events of a stream.

namespace cartpilot::fakes::anthropic {
namespace {

/// Whether the answer begins with thinking.
bool thinks(const Json& body, const std::string& model, const FakeAnthropicOptions& options) {
  const std::string type = body.contains("thinking") ? string_or(body["thinking"], "type") : "";
  if (type == "adaptive" || type == "enabled") return true;
  if (!type.empty()) return false;
  return options.first_party ? model_rules(model).thinks : options.quirks.thinks;
}

Json thinking_block(const Json& body, const FakeAnthropicOptions& options, std::size_t number) {
  const bool omitted =
      options.first_party &&
      (!body.contains("thinking") || string_or(body["thinking"], "display") != "summarized");
  Json block{{"type", "thinking"}, {"thinking", omitted ? "" : "Let me see \xF0\x9F\x8E\xA7."}};
  if (!options.quirks.no_signatures) block["signature"] = fmt::format("Eq+/{:08}==", number);
  return block;
}

void add_block_events(const Json& block, std::size_t index, const AnthropicQuirks& quirks,
                      std::vector<Json>& events) {
  const std::string type = string_or(block, "type");
  Json start = block;
  std::vector<Json> deltas;
  const auto delta = [&deltas](const char* kind, const char* key, const std::string& text) {
    deltas.push_back(Json{{"type", kind}, {key, text}});
  };
  if (type == "text") {
    start["text"] = "";
    const std::string text = string_or(block, "text");
    const std::size_t half = text.size() / 2;
    if (!text.empty()) {
      // Between two characters.
      std::size_t cut = half;
      while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
      delta("text_delta", "text", text.substr(0, cut));
      delta("text_delta", "text", text.substr(cut));
    }
  } else if (type == "thinking") {
    start["thinking"] = "";
    if (start.contains("signature")) start["signature"] = "";
    delta("thinking_delta", "thinking", string_or(block, "thinking"));
    if (block.contains("signature")) {
      delta("signature_delta", "signature", string_or(block, "signature"));
    }
  } else if (type == "tool_use" && !quirks.whole_input) {
    start["input"] = Json::object();
    const std::string input = dump_json(block["input"]);
    delta("input_json_delta", "partial_json", "");
    if (input != "{}") {
      std::size_t cut = input.size() / 2;
      while (cut > 0 && (static_cast<unsigned char>(input[cut]) & 0xC0) == 0x80) --cut;
      delta("input_json_delta", "partial_json", input.substr(0, cut));
      delta("input_json_delta", "partial_json", input.substr(cut));
    }
  }
  const Json started{
      {"type", "content_block_start"}, {"index", index}, {"content_block", std::move(start)}};
  events.push_back(started);
  if (quirks.doubled_start && type == "thinking") events.push_back(started);
  for (Json& piece : deltas) {
    events.push_back(
        Json{{"type", "content_block_delta"}, {"index", index}, {"delta", std::move(piece)}});
  }
  events.push_back(Json{{"type", "content_block_stop"}, {"index", index}});
}

}  // namespace

ModelView view_of(const Json& body) {
  ModelView view;
  std::map<std::string, std::string> names;
  for (const Json& message : body["messages"]) {
    for (const Json& block : message["content"]) {
      const std::string type = string_or(block, "type");
      if (type == "tool_use") names[string_or(block, "id")] = string_or(block, "name");
      if (string_or(message, "role") != "user") continue;
      view.last_is_result = type == "tool_result";
      if (type == "text") view.user_texts.push_back(string_or(block, "text"));
      if (type != "tool_result") continue;
      view.results.emplace_back(names[string_or(block, "tool_use_id")],
                                parse_json(string_or(block, "content", "{}")));
    }
  }
  return view;
}

Answer make_answer(const Json& body, const ModelStep& step, const std::string& model,
                   const FakeAnthropicOptions& options, std::size_t number) {
  const AnthropicQuirks& quirks = options.quirks;
  Json content = Json::array();
  if (thinks(body, model, options)) content.push_back(thinking_block(body, options, number));
  if (quirks.empty_first_text && step.text.empty()) {
    content.push_back(Json{{"type", "text"}, {"text", ""}});
  }
  if (!step.text.empty()) content.push_back(Json{{"type", "text"}, {"text", step.text}});
  std::size_t count = 0;
  for (const auto& [name, arguments] : step.calls) {
    const std::string id = quirks.foreign_ids
                               ? fmt::format("functions.{}:{}", name, number * 10 + count)
                               : fmt::format("toolu_{:06}_{}", number, count);
    ++count;
    content.push_back(Json{{"type", "tool_use"}, {"id", id}, {"name", name}, {"input", arguments}});
  }
  const bool calls = !step.calls.empty() && !quirks.end_turn_with_calls;
  const Json usage{{"input_tokens", 40 + number},
                   {"cache_creation_input_tokens", 3},
                   {"cache_read_input_tokens", 20},
                   {"output_tokens", 7}};
  Answer answer;
  answer.whole = Json{{"id", fmt::format("msg_{:04}", number)},
                      {"type", "message"},
                      {"role", "assistant"},
                      {"model", model},
                      {"content", content},
                      {"stop_reason", calls ? "tool_use" : "end_turn"},
                      {"stop_sequence", nullptr}};
  if (!quirks.no_usage) answer.whole["usage"] = usage;
  Json begun = answer.whole;
  begun["content"] = Json::array();
  begun["stop_reason"] = nullptr;
  if (!quirks.no_usage) begun["usage"]["output_tokens"] = 1;
  answer.events.push_back(Json{{"type", "message_start"}, {"message", begun}});
  answer.events.push_back(Json{{"type", "ping"}});
  for (std::size_t i = 0; i < content.size(); ++i) {
    add_block_events(content[i], i, quirks, answer.events);
  }
  Json delta{{"type", "message_delta"},
             {"delta", {{"stop_reason", answer.whole["stop_reason"]}, {"stop_sequence", nullptr}}}};
  if (!quirks.no_usage) delta["usage"] = Json{{"output_tokens", 7}};
  answer.events.push_back(std::move(delta));
  if (!quirks.no_message_stop) answer.events.push_back(Json{{"type", "message_stop"}});
  return answer;
}

std::string stream_text(const std::vector<Json>& events, const AnthropicQuirks& quirks) {
  std::string text;
  for (const Json& event : events) {
    if (!quirks.no_event_names) text += "event: " + string_or(event, "type") + "\n";
    text += "data: " + dump_json(event) + "\n\n";
  }
  return text;
}

}  // namespace cartpilot::fakes::anthropic
