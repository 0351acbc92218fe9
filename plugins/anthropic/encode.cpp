#include "anthropic/encode.h"

#include <utility>

#include "anthropic/functions.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot::anthropic {
namespace {

Json cache_mark(Cache cache) {
  Json mark{{"type", "ephemeral"}};
  if (cache == Cache::kOneHour) mark["ttl"] = "1h";
  return mark;
}

/// A model that thinks by a budget wants its open tool round to begin with thinking.
bool round_lacks_thinking(const Json& messages) {
  const std::size_t count = messages.size();
  if (count < 2 || string_or(messages[count - 1]["content"][0], "type") != "tool_result") {
    return false;
  }
  return !is_thinking(messages[count - 2]["content"][0]);
}

}  // namespace

Json encode_body(const GenerateRequest& request, const RequestPlan& plan,
                 const std::vector<std::string>& beta, const Json& paused) {
  Json body = Json::object();
  if (plan.endpoint->server->vertex) {
    body["anthropic_version"] = "vertex-2023-10-16";
    if (!beta.empty()) body["anthropic_beta"] = beta;
  } else {
    body["model"] = plan.model;
  }
  body["max_tokens"] = plan.max_tokens;
  body["stream"] = plan.stream;
  Json messages = encode_messages(request.messages, plan, paused);
  const bool by_budget = string_or(plan.thinking, "type") == "enabled";
  if (!plan.thinking.is_null() && !(by_budget && round_lacks_thinking(messages))) {
    body["thinking"] = plan.thinking;
  }
  if (!plan.effort.empty()) body["output_config"] = Json{{"effort", plan.effort}};
  if (plan.temperature) body["temperature"] = *plan.temperature;
  if (!plan.tool_choice.is_null()) body["tool_choice"] = plan.tool_choice;
  Json tools = encode_tools(request.tools);
  const bool marks = plan.cache != Cache::kOff;
  const bool system = !vendor::trim(request.system).empty();
  // The first mark covers functions and system text, the second one the conversation.
  if (marks && !system && !tools.empty()) tools.back()["cache_control"] = cache_mark(plan.cache);
  if (!tools.empty()) body["tools"] = std::move(tools);
  if (system && marks) {
    Json block{{"type", "text"}, {"text", request.system}};
    block["cache_control"] = cache_mark(plan.cache);
    body["system"] = Json::array({std::move(block)});
  } else if (system) {
    body["system"] = request.system;
  }
  if (marks && messages.back()["role"] == "user") {
    messages.back()["content"].back()["cache_control"] = cache_mark(plan.cache);
  }
  body["messages"] = std::move(messages);
  return body;
}

}  // namespace cartpilot::anthropic
