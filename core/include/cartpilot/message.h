// A conversation: messages made of parts.
//
// Plain values, owned by whoever holds them. `provider_metadata` of a message or part is opaque:
// the plugin that wrote it gets it back unchanged (thought signatures, encrypted reasoning, raw
// vendor parts), as long as the request goes to the same provider and model family; otherwise the
// host leaves it out and says so.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/json.h"
#include "cartpilot/tool.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

enum class Role { kUser, kAssistant, kTool };

struct TextPart {
  std::string text;
  Json provider_metadata;
};

/// Thought summaries the vendor chose to show. Never part of the answer.
struct ReasoningPart {
  std::string text;
  Json provider_metadata;
};

using Part = std::variant<TextPart, ReasoningPart, ToolCall, ToolResult>;

struct Message {
  Role role = Role::kUser;
  std::vector<Part> parts;
  Json provider_metadata;  ///< of the whole message (e.g. the vendor's raw content)
  std::string provider;    ///< who wrote an assistant message, "" for user and tool messages
  std::string model;       ///< model id that wrote it

  static Message user(std::string text) {
    Message message;
    message.parts.push_back(TextPart{std::move(text), nullptr});
    return message;
  }
};

/// All text parts joined; reasoning is left out.
inline std::string text_of(const Message& message) {
  std::string text;
  for (const Part& part : message.parts) {
    if (const auto* piece = std::get_if<TextPart>(&part)) text += piece->text;
  }
  return text;
}

/// The tool calls of an assistant message in the order the model wrote them.
inline std::vector<ToolCall> tool_calls_of(const Message& message) {
  std::vector<ToolCall> calls;
  for (const Part& part : message.parts) {
    if (const auto* call = std::get_if<ToolCall>(&part)) calls.push_back(*call);
  }
  return calls;
}

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
