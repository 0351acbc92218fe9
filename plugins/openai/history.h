// History: a neutral conversation made ready for the wire.
//
// Every call must be followed by exactly one answer before anything else is said, under an id the
// vendor accepts. This pass pairs calls with their results, answers what nobody answered, leaves
// out results nobody asked for, and chooses the ids: what the address and model family issued
// themselves goes back as it is, unless it names two calls. Both encoders start from it. Entries
// borrow from the messages they were made from.
#pragma once

#include <string>
#include <vector>

#include "cartpilot/message.h"
#include "openai/request_plan.h"

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

/// True for metadata of `message`, or of a part of it, that comes from this address and from a
/// model of the same family; only there may it go back.
bool is_own(const Json& metadata, const Message& message, const RequestPlan& plan);

std::vector<HistoryEntry> pair_history(const std::vector<Message>& messages,
                                       const RequestPlan& plan);

}  // namespace cartpilot::openai
