#include "offline/provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "offline/native_calls.h"
#include "offline/shopper.h"

namespace cartpilot::offline {

namespace {

constexpr const char* kModel = "offline-1";
constexpr std::size_t kPieceBytes = 48;

/// The next piece of the text to show: a line, or a part of one that ends after a blank.
std::string_view first_piece(std::string_view text) {
  const std::size_t line = text.find('\n');
  std::size_t size = line == std::string_view::npos ? text.size() : line + 1;
  if (size > kPieceBytes) {
    const std::size_t blank = text.substr(0, kPieceBytes).find_last_of(' ');
    if (blank != std::string_view::npos) size = blank + 1;
  }
  return text.substr(0, size);
}

void stop_if_cancelled(const CallContext& context) {
  if (context.cancelled()) throw Error(ErrorCode::kCancelled, "cancelled");
}

bool is_declared(const GenerateRequest& request, const std::string& function) {
  return request.tool_choice != "none" &&
         std::any_of(request.tools.begin(), request.tools.end(),
                     [&](const ToolSpec& tool) { return tool.name == function; });
}

/// Ids no call of the conversation has, whoever made it.
std::string fresh_id(std::set<std::string>& taken) {
  for (std::size_t number = taken.size() + 1;; ++number) {
    std::string id = fmt::format("offline-{}", number);
    if (taken.insert(id).second) return id;
  }
}

}  // namespace

OfflineProvider::OfflineProvider(const ProviderConfig& config) {
  if (!config.options.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("the offline provider has no options, so {} cannot be set",
                            config.options.begin()->first));
  }
}

ProviderInfo OfflineProvider::info() const {
  return {
      "offline", kModel,
      "This is the offline demo: a rule-based shopper, no model behind it, no key, no network."};
}

std::vector<ModelInfo> OfflineProvider::models(const CallContext&) {
  return {{kModel, "rules for shopping in plain English; no model"}};
}

void OfflineProvider::generate(const GenerateRequest& request, EventSink& sink,
                               const CallContext& context) {
  if (!request.model.empty() && request.model != kModel) {
    throw Error(ErrorCode::kNotFound, fmt::format("the offline provider has no model {}, only {}",
                                                  request.model, kModel));
  }
  stop_if_cancelled(context);
  Step step = next_step(request.messages);
  for (const auto& [function, arguments] : step.calls) {
    if (is_declared(request, function)) continue;
    step = {fmt::format("I would need the function {} for that, and this conversation does not "
                        "have it.\n",
                        function),
            {}};
    break;
  }
  for (std::string_view rest = step.text; !rest.empty();) {
    stop_if_cancelled(context);
    const std::string_view piece = first_piece(rest);
    sink.on_event(TextDelta{std::string(piece)});
    rest.remove_prefix(piece.size());
  }
  std::set<std::string> taken;
  for (const Message& message : request.messages) {
    for (const ToolCall& call : tool_calls_of(message)) taken.insert(call.id);
  }
  for (auto& [function, arguments] : step.calls) {
    ToolCall call;
    call.id = fresh_id(taken);
    call.name = function;
    call.arguments = std::move(arguments);
    sink.on_event(ToolCallEvent{std::move(call)});
  }
  sink.on_event(UsageEvent{});
  Finish finish;
  finish.reason = step.calls.empty() ? FinishReason::kStop : FinishReason::kToolCalls;
  finish.raw_reason = step.calls.empty() ? "stop" : "tool_calls";
  finish.model = kModel;
  sink.on_event(finish);
}

Json OfflineProvider::function_declarations(const std::vector<ToolSpec>& tools) const {
  return native_declarations(tools);
}

std::vector<ToolCall> OfflineProvider::parse_function_calls(const Json& message) const {
  return parse_native_calls(message);
}

Json OfflineProvider::function_responses(const std::vector<ToolResult>& results) const {
  return native_responses(results);
}

}  // namespace cartpilot::offline
