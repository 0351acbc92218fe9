#include <fmt/format.h>

#include <algorithm>

#include "fakes/anthropic_rules.h"

// The conversation in a request: order, blocks, calls and their results, and what was issued
// before.

namespace cartpilot::fakes::anthropic {
namespace {

std::string type_of(const Json& block) { return string_or(block, "type"); }

bool is_thinking(const Json& block) {
  return type_of(block) == "thinking" || type_of(block) == "redacted_thinking";
}

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

/// The blocks of a message; a plain text is one.
Json blocks_of(const Json& message) {
  const Json content = message.value("content", Json());
  if (content.is_string()) {
    return Json::array({Json{{"type", "text"}, {"text", content}}});
  }
  if (!content.is_array()) refuse("Q9", "messages.content: Field required");
  return content;
}

std::vector<std::string> ids_of(const Json& blocks, const char* type, const char* key) {
  std::vector<std::string> ids;
  for (const Json& block : blocks) {
    if (type_of(block) == type) ids.push_back(string_or(block, key));
  }
  return ids;
}

void check_result(const Json& block) {
  for (const auto& [key, value] : block.items()) {
    static const std::set<std::string> kKnown = {"type", "tool_use_id", "content", "is_error",
                                                 "cache_control"};
    if (kKnown.count(key) == 0) refuse("Q6", "tool_result." + key + ": Extra inputs");
  }
  const Json content = block.value("content", Json(""));
  if (!content.is_string() && !content.is_array()) {
    refuse("Q16", "tool_result.content: Input should be a valid string or list");
  }
  const bool failed =
      content.is_string() && content.get<std::string>().rfind(R"({"error":true)", 0) == 0;
  if (failed && !block.value("is_error", false)) {
    refuse("Q16", "a failed result must say is_error");
  }
}

void check_call(const Json& block, bool any_ids, std::set<std::string>& seen) {
  const std::string id = string_or(block, "id");
  const bool plain = std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '-';
  });
  if (id.empty() || (!plain && !any_ids)) {
    refuse("Q14", "messages.content.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'");
  }
  if (!seen.insert(id).second) refuse("Q14", "`tool_use` ids must be unique");
  if (!block.contains("input") || !block["input"].is_object()) {
    refuse("Q15", "messages.content.tool_use.input: Input should be a valid dictionary");
  }
}

/// The results of `calls` stand at the beginning of `blocks`, each once.
void check_results(const std::vector<std::string>& calls, const Json& blocks) {
  std::vector<std::string> open = calls;
  bool other = false;
  for (const Json& block : blocks) {
    if (type_of(block) != "tool_result") {
      other = true;
      continue;
    }
    const std::string id = string_or(block, "tool_use_id");
    if (std::find(calls.begin(), calls.end(), id) == calls.end()) {
      refuse("Q12", "unexpected `tool_use_id` found in `tool_result` blocks: " + id);
    }
    if (other) refuse("Q13", "`tool_result` blocks must come first in the message");
    const auto found = std::find(open.begin(), open.end(), id);
    if (found == open.end()) refuse("Q11", "each tool_use must have a single result: " + id);
    open.erase(found);
    check_result(block);
  }
  if (!open.empty()) {
    refuse("Q11", "`tool_use` ids were found without `tool_result` blocks immediately after: " +
                      open.front());
  }
}

}  // namespace

void check_messages(const Json& body, const FakeAnthropicOptions& options) {
  const Json& messages = body["messages"];
  if (!messages.is_array() || messages.empty()) {
    refuse("Q9", "messages: at least one message is required");
  }
  if (string_or(messages[0], "role") != "user")
    refuse("Q8", "messages: first message must use user");
  std::set<std::string> seen;
  std::vector<std::string> calls;
  std::string before;
  for (const Json& message : messages) {
    const std::string role = string_or(message, "role");
    if (role == "system") refuse("Q7", "messages: Unexpected role \"system\"");
    if (role != "user" && role != "assistant") refuse("Q9", "messages.role: user or assistant");
    if (role == before) refuse("Q9", "messages: roles must alternate");
    before = role;
    const Json blocks = blocks_of(message);
    if (blocks.empty()) refuse("Q9", "messages: content must be non-empty");
    for (const Json& block : blocks) {
      if (type_of(block) == "text" && is_blank(string_or(block, "text"))) {
        refuse("Q10", "messages: text content blocks must be non-empty");
      }
      const bool of_model = is_thinking(block) || type_of(block) == "tool_use";
      if (of_model && role == "user") refuse("Q9", "messages: this block is the assistant's");
      if (type_of(block) == "tool_result" && role != "user")
        refuse("Q12", "results are the user's");
      if (type_of(block) == "tool_use") check_call(block, options.quirks.foreign_ids, seen);
    }
    if (role == "user") check_results(calls, blocks);
    calls = ids_of(blocks, "tool_use", "id");
  }
  if (before != "assistant") return;
  const Json last = blocks_of(messages.back());
  const bool paused = std::any_of(last.begin(), last.end(), [](const Json& block) {
    return type_of(block) == "server_tool_use";
  });
  if (!paused) {
    refuse("Q8",
           "This model does not support assistant message prefill. The conversation must end "
           "with a user message.");
  }
}

void Memory::issue(const Json& content, const std::string& model) {
  issued_.push_back({content, model});
}

void Memory::check_thinking(const Json& body, const FakeAnthropicOptions& options,
                            std::vector<std::string>& broken) {
  const std::string model = string_or(body, "model");
  for (const Json& message : body["messages"]) {
    if (string_or(message, "role") != "assistant") continue;
    const Json content = without_marks(blocks_of(message));
    // Two unsigned blocks may look alike: any of the answers they stand in will do.
    std::vector<const Issued*> origins;
    for (const Json& block : content) {
      const bool thinking = is_thinking(block);
      const bool is_signed = block.contains("data") || !string_or(block, "signature").empty();
      if (thinking && !is_signed && options.first_party) {
        refuse("Q23", "messages.content.thinking.signature: Field required");
      }
      if (!thinking && type_of(block) != "tool_use") continue;
      bool known = false;
      for (const Issued& issued : issued_) {
        const bool holds = std::any_of(issued.content.begin(), issued.content.end(),
                                       [&block](const Json& other) { return other == block; });
        if (!holds || (thinking && options.first_party && issued.model != model)) continue;
        known = true;
        if (issued.model == model) origins.push_back(&issued);
      }
      if (thinking && !known) refuse("Q23", "Invalid `signature` in `thinking` block");
    }
    if (origins.empty() || released_) continue;
    const auto has_thinking = [](const Json& blocks) {
      return std::any_of(blocks.begin(), blocks.end(), is_thinking);
    };
    const bool unchanged = std::any_of(origins.begin(), origins.end(), [&](const Issued* origin) {
      Json expected = Json::array();
      Json words = Json::array();  // without any thinking
      for (const Json& block : origin->content) {
        if (type_of(block) == "text" && is_blank(string_or(block, "text"))) continue;
        expected.push_back(block);
        if (!is_thinking(block)) words.push_back(block);
      }
      return content == expected || (options.comes_back && content == words);
    });
    if (options.quirks.wants_thinking && !has_thinking(content) &&
        has_thinking(origins.front()->content)) {
      refuse("Q22",
             "thinking is enabled but reasoning_content is missing in assistant tool call message");
    }
    if (!unchanged)
      broken.push_back("Q22: the blocks are not those that were issued: " + dump_json(content));
  }
}

void Memory::check_beginning(const Json& body, const FakeAnthropicOptions& options,
                             std::vector<std::string>& broken) {
  const Json now = without_marks(body);
  const std::string name = dump_json(now["messages"][0]) + string_or(now, "model");
  const auto found = conversations_.find(name);
  // A single message begins a conversation.
  if (found != conversations_.end() && now["messages"].size() > 1) {
    const Json& then = found->second;
    const auto same = [&](const char* key) {
      return (then.contains(key) ? dump_json(then[key]) : "") ==
             (now.contains(key) ? dump_json(now[key]) : "");
    };
    if (!same("tools")) broken.push_back("Q19: the functions changed");
    if (!same("system")) broken.push_back("Q20: the system text changed");
    const Json& earlier = then["messages"];
    for (std::size_t i = 0; i < earlier.size(); ++i) {
      if (i < now["messages"].size() && dump_json(earlier[i]) == dump_json(now["messages"][i])) {
        continue;
      }
      if (released_ || options.comes_back) break;
      broken.push_back(fmt::format("Q21: messages[{}] changed", i));
      break;
    }
  }
  conversations_[name] = now;
}

void Memory::forget_newest(const Json& body) {
  const std::string name = dump_json(without_marks(body["messages"][0])) + string_or(body, "model");
  const auto found = conversations_.find(name);
  if (found == conversations_.end()) return;
  Json& messages = found->second["messages"];
  if (!messages.empty()) messages.erase(messages.size() - 1);
}

}  // namespace cartpilot::fakes::anthropic
