#include "openai/history.h"

#include <utility>

#include "cartpilot/vendor/call_ids.h"
#include "cartpilot/vendor/history.h"
#include "openai/call_identity.h"

namespace cartpilot::openai {
namespace {

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
  vendor::WireCallIds ids(longest, false);
  for (const vendor::Turn& turn : vendor::pair_history(messages)) {
    HistoryEntry entry;
    entry.message = turn.message;
    for (const auto& [call, result] : turn.calls) {
      const bool issued = was_issued_here(*call, *turn.message, plan);
      AnsweredCall answered;
      answered.call = call;
      answered.id = ids.choose(issued ? call->id : "", call->id);
      answered.output = dump_json(result == nullptr ? vendor::missing_result() : result->content);
      entry.calls.push_back(std::move(answered));
    }
    history.push_back(std::move(entry));
  }
  return history;
}

}  // namespace cartpilot::openai
