#include "anthropic/encode.h"

#include <optional>
#include <utility>

#include "anthropic/functions.h"
#include "cartpilot/vendor/call_ids.h"
#include "cartpilot/vendor/function_names.h"
#include "cartpilot/vendor/history.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot::anthropic {
namespace {

/// Also of a function's name.
constexpr std::size_t kMaxId = 128;

std::string thinking_key(const Json& block) {
  for (const char* key : {"signature", "data", "thinking"}) {
    std::string text = string_or(block, key);
    if (!text.empty()) return text;
  }
  return "";
}

bool is_blank_text(const Json& block) {
  return string_or(block, "type") == "text" && vendor::trim(string_or(block, "text")).empty();
}

/// One answer of the model, and the results of its calls.
struct Written {
  Json content = Json::array();
  Json results = Json::array();
};

class Writer {
 public:
  explicit Writer(const RequestPlan& plan) : plan_(plan), ids_(kMaxId, plan.plain_ids) {}

  void add_user(const Message& message) {
    Json blocks = Json::array();
    for (const Part& part : message.parts) {
      const auto* text = std::get_if<TextPart>(&part);
      if (text == nullptr || vendor::trim(text->text).empty()) continue;
      blocks.push_back(Json{{"type", "text"}, {"text", text->text}});
    }
    newest_words_ = blocks.size();
    append("user", std::move(blocks));
  }

  void add_assistant(const vendor::Turn& turn) {
    // A conversation begins with the person; an answer whose beginning was cut away goes with it.
    if (messages_.empty()) return;
    const Json& stored = turn.message->provider_metadata;
    if (is_own(stored) && stored.contains("refused")) {
      drop_newest_words();
      return;
    }
    Written written;
    if (!verbatim(turn, written)) written = rebuilt(turn);
    bool only_thinking = true;
    for (const Json& block : written.content) only_thinking = only_thinking && is_thinking(block);
    if (only_thinking) return;
    newest_words_ = 0;
    append("assistant", std::move(written.content));
    append("user", std::move(written.results));
  }

  Json take(const Json& paused) {
    if (messages_.empty()) {
      throw Error(ErrorCode::kInvalidArgument, "there is no user message to send");
    }
    if (paused.is_array() && !paused.empty()) {
      append("assistant", paused);
    } else if (messages_.back()["role"] == "assistant") {
      append("user", Json::array({Json{{"type", "text"}, {"text", "Continue."}}}));
    }
    return std::move(messages_);
  }

 private:
  bool is_own(const Json& stored) const {
    return stored.is_object() && string_or(stored, "endpoint") == plan_.endpoint->base();
  }

  void append(const char* role, Json blocks) {
    if (blocks.empty()) return;
    if (!messages_.empty() && messages_.back()["role"] == role) {
      for (Json& block : blocks) messages_.back()["content"].push_back(std::move(block));
      return;
    }
    messages_.push_back(Json{{"role", role}, {"content", std::move(blocks)}});
  }

  /// The words a refused answer was given to. Results stay: what they tell has happened.
  void drop_newest_words() {
    Json& content = messages_.back()["content"];
    if (messages_.back()["role"] != "user") return;
    for (; newest_words_ > 0; --newest_words_) content.erase(content.size() - 1);
    if (content.empty()) messages_.erase(messages_.size() - 1);
  }

  bool keeps_thinking(const Json& block, bool same_model) const {
    if (!same_model) return false;
    if (plan_.refused_thinking && plan_.refused_thinking->count(thinking_key(block)) != 0) {
      return false;
    }
    const bool is_signed = !string_or(block, "signature").empty() || block.contains("data");
    return is_signed || !plan_.endpoint->server->first_party;
  }

  void add_call(Written& written, Json block, const std::string& wire_id,
                const vendor::AnsweredCall& answered) {
    const std::string id = ids_.choose(wire_id, answered.call->id);
    block["id"] = id;
    block["name"] = vendor::wire_function_name(string_or(block, "name"), kMaxId);
    written.content.push_back(std::move(block));
    written.results.push_back(
        answered.result == nullptr
            ? result_block(id, vendor::missing_result(), true)
            : result_block(id, answered.result->content, answered.result->is_error));
  }

  /// The blocks as they came, when they came from here. False when others have to be made.
  bool verbatim(const vendor::Turn& turn, Written& written) {
    const Json& stored = turn.message->provider_metadata;
    if (!is_own(stored) || !stored.contains("content") || !stored["content"].is_array()) {
      return false;
    }
    std::size_t calls = 0;
    for (const Json& block : stored["content"]) {
      if (string_or(block, "type") == "tool_use") ++calls;
    }
    if (calls != turn.calls.size()) return false;
    const bool same_model = string_or(stored, "model") == plan_.model;
    std::size_t next = 0;
    for (const Json& block : stored["content"]) {
      if (string_or(block, "type") == "tool_use") {
        add_call(written, block, string_or(block, "id"), turn.calls[next++]);
      } else if (!is_blank_text(block) &&
                 (!is_thinking(block) || keeps_thinking(block, same_model))) {
        written.content.push_back(block);
      }
    }
    return true;
  }

  /// Blocks for an answer that another vendor or server wrote, or that was cut.
  Written rebuilt(const vendor::Turn& turn) {
    Written written;
    std::size_t next = 0;
    for (const Part& part : turn.message->parts) {
      if (const auto* text = std::get_if<TextPart>(&part)) {
        Json block{{"type", "text"}, {"text", text->text}};
        if (!is_blank_text(block)) written.content.push_back(std::move(block));
      } else if (const auto* call = std::get_if<ToolCall>(&part)) {
        const bool whole = call->arguments.is_object() && call->arguments_error.empty();
        add_call(written,
                 Json{{"type", "tool_use"},
                      {"id", ""},
                      {"name", call->name},
                      {"input", whole ? call->arguments : Json::object()}},
                 "", turn.calls[next++]);
      }
    }
    return written;
  }

  const RequestPlan& plan_;
  vendor::WireCallIds ids_;
  Json messages_ = Json::array();
  std::size_t newest_words_ = 0;  ///< blocks of the person at the end of the last message
};

}  // namespace

bool is_thinking(const Json& block) {
  const std::string type = string_or(block, "type");
  return type == "thinking" || type == "redacted_thinking";
}

Json encode_messages(const std::vector<Message>& messages, const RequestPlan& plan,
                     const Json& paused) {
  Writer writer(plan);
  for (const vendor::Turn& turn : vendor::pair_history(messages)) {
    if (turn.message->role == Role::kAssistant) {
      writer.add_assistant(turn);
    } else {
      writer.add_user(*turn.message);
    }
  }
  return writer.take(paused);
}

std::set<std::string> thinking_keys(const Json& messages) {
  std::set<std::string> keys;
  for (const Json& message : messages) {
    for (const Json& block : message["content"]) {
      if (is_thinking(block)) keys.insert(thinking_key(block));
    }
  }
  return keys;
}

}  // namespace cartpilot::anthropic
