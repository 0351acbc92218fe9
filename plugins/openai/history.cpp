#include "openai/history.h"

#include <map>
#include <set>
#include <utility>

#include "cartpilot/vendor/call_ids.h"

namespace cartpilot::openai {
namespace {

/// Results that follow messages[at], up to the next word of the model, in order.
std::vector<const ToolResult*> results_after(const std::vector<Message>& messages, std::size_t at) {
  std::vector<const ToolResult*> results;
  for (std::size_t i = at + 1; i < messages.size() && messages[i].role != Role::kAssistant; ++i) {
    for (const Part& part : messages[i].parts) {
      if (const auto* result = std::get_if<ToolResult>(&part)) results.push_back(result);
    }
  }
  return results;
}

std::string take_output(std::vector<const ToolResult*>& results, const std::string& call_id) {
  for (auto result = results.begin(); result != results.end(); ++result) {
    if ((*result)->call_id != call_id) continue;
    std::string output = dump_json((*result)->content);
    results.erase(result);
    return output;
  }
  return dump_json(tool_error("NO_RESULT", "This call was not carried out.").content);
}

}  // namespace

std::vector<HistoryEntry> pair_history(const std::vector<Message>& messages,
                                       std::size_t longest_call_id) {
  std::vector<HistoryEntry> history;
  std::map<std::string, std::size_t> occurrences;
  std::set<std::string> used;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Message& message = messages[i];
    if (message.role == Role::kTool) continue;
    HistoryEntry entry;
    entry.message = &message;
    if (message.role == Role::kAssistant) {
      std::vector<const ToolResult*> results = results_after(messages, i);
      for (const Part& part : message.parts) {
        const auto* call = std::get_if<ToolCall>(&part);
        if (call == nullptr) continue;
        AnsweredCall answered;
        answered.call = call;
        do {
          answered.id = vendor::wire_call_id(call->id, occurrences[call->id]++, longest_call_id);
        } while (!used.insert(answered.id).second);
        answered.output = take_output(results, call->id);
        entry.calls.push_back(std::move(answered));
      }
    }
    history.push_back(std::move(entry));
  }
  return history;
}

}  // namespace cartpilot::openai
