// History: calls of a conversation paired with their results, for the wire.
//
// Every vendor wants each call answered exactly once before anything else is said. pair_history()
// finds the answer of each call, leaves out results nobody asked for, and marks calls that nobody
// answered. Turns borrow from the messages they were made from. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/message.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

struct AnsweredCall {
  const ToolCall* call = nullptr;
  const ToolResult* result = nullptr;  ///< null = nobody answered it; see missing_result()
};

struct Turn {
  const Message* message = nullptr;  ///< of the user or the assistant, never of a tool
  std::vector<AnsweredCall> calls;   ///< in the order of the message; empty for the user
};

/// What is sent for a call that nobody answered.
inline Json missing_result() {
  return tool_error("NO_RESULT", "This call was not carried out.").content;
}

/// The messages of user and assistant, oldest first. A result belongs to the first call of its id
/// that has none yet, among the calls of the assistant message before it.
inline std::vector<Turn> pair_history(const std::vector<Message>& messages) {
  std::vector<Turn> turns;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Message& message = messages[i];
    if (message.role == Role::kTool) continue;
    Turn turn;
    turn.message = &message;
    if (message.role == Role::kAssistant) {
      for (const Part& part : message.parts) {
        if (const auto* call = std::get_if<ToolCall>(&part)) turn.calls.push_back({call, nullptr});
      }
    }
    for (std::size_t j = i + 1; !turn.calls.empty() && j < messages.size(); ++j) {
      if (messages[j].role == Role::kAssistant) break;
      for (const Part& part : messages[j].parts) {
        const auto* result = std::get_if<ToolResult>(&part);
        if (result == nullptr) continue;
        for (AnsweredCall& answered : turn.calls) {
          if (answered.result != nullptr || answered.call->id != result->call_id) continue;
          answered.result = result;
          break;
        }
      }
    }
    turns.push_back(std::move(turn));
  }
  return turns;
}

/// The ids of all calls.
inline std::set<std::string> call_ids_of(const std::vector<Message>& messages) {
  std::set<std::string> ids;
  for (const Message& message : messages) {
    for (const ToolCall& call : tool_calls_of(message)) ids.insert(call.id);
  }
  return ids;
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
