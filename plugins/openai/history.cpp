#include "openai/history.h"

#include <map>
#include <set>
#include <utility>

#include "cartpilot/vendor/call_ids.h"
#include "openai/call_identity.h"

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

/// Calls that were read from Responses items have no metadata of their own.
bool was_issued_here(const ToolCall& call, const Message& message, const RequestPlan& plan) {
  const Json& own =
      call.provider_metadata.is_null() ? message.provider_metadata : call.provider_metadata;
  return !call.id.empty() && is_own(own, message, plan);
}

}  // namespace

bool is_own(const Json& metadata, const Message& message, const RequestPlan& plan) {
  return metadata.is_object() && string_or(metadata, "endpoint") == plan.endpoint &&
         vendor::same_family(message.model, plan.model);
}

std::vector<HistoryEntry> pair_history(const std::vector<Message>& messages,
                                       const RequestPlan& plan) {
  const std::size_t longest = plan.api == Api::kChat ? kMaxChatCallId : kMaxResponsesCallId;
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
        const bool issued = was_issued_here(*call, message, plan);
        do {
          const std::size_t occurrence = occurrences[call->id]++;
          answered.id = issued && occurrence == 0
                            ? call->id
                            : vendor::wire_call_id(call->id, occurrence, longest);
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
