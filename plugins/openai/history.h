// History: a neutral conversation made ready for the wire.
//
// Every call must be followed by exactly one answer before anything else is said, under an id the
// vendor accepts. This pass pairs calls with their results, answers what nobody answered, leaves
// out results nobody asked for, and chooses the ids; both encoders start from it. Entries borrow
// from the messages they were made from.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cartpilot/message.h"

namespace cartpilot::openai {

struct AnsweredCall {
  const ToolCall* call = nullptr;
  std::string id;      ///< for the wire, unique in the conversation
  std::string output;  ///< JSON text of the result
};

struct HistoryEntry {
  const Message* message = nullptr;  ///< of the user or the assistant
  std::vector<AnsweredCall> calls;   ///< in the order of the message; empty for the user
};

std::vector<HistoryEntry> pair_history(const std::vector<Message>& messages,
                                       std::size_t longest_call_id);

}  // namespace cartpilot::openai
