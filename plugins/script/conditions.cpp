#include "script/conditions.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <variant>

#include "cartpilot/vendor/text.h"

namespace cartpilot::script {

namespace {

constexpr std::size_t kQuotedBytes = 120;

std::string in_quotes(std::string_view text) {
  return fmt::format("'{}'", vendor::one_line(text, kQuotedBytes));
}

std::string unless_equal(const char* name, const std::optional<std::string>& wanted,
                         std::string_view found) {
  if (!wanted || *wanted == found) return "";
  return fmt::format("{}: expected {}, it is {}", name, in_quotes(*wanted), in_quotes(found));
}

std::string unless_contained(const char* name, const std::optional<std::string>& wanted,
                             std::string_view found) {
  if (!wanted || vendor::contains(found, *wanted)) return "";
  return fmt::format("{}: expected {} in {}", name, in_quotes(*wanted), in_quotes(found));
}

bool fits(const ResultCondition& wanted, const ToolResult& result) {
  if (wanted.name && *wanted.name != result.name) return false;
  if (wanted.ok && *wanted.ok == result.is_error) return false;
  if (wanted.error_code && *wanted.error_code != string_or(result.content, "error_code")) {
    return false;
  }
  return !wanted.contains || vendor::contains(dump_json(result.content), *wanted.contains);
}

std::string unless_answered(const ResultCondition& wanted, const GenerateRequest& request) {
  std::string seen;
  if (!request.messages.empty()) {
    for (const Part& part : request.messages.back().parts) {
      const auto* result = std::get_if<ToolResult>(&part);
      if (result == nullptr) continue;
      if (fits(wanted, *result)) return "";
      seen += fmt::format("{}{} {}", seen.empty() ? "" : "; ", result->name,
                          dump_json(result->content));
    }
  }
  return "result: none of those sent fits: " + (seen.empty() ? "there is none" : in_quotes(seen));
}

std::string unless_declared(const std::vector<std::string>& names, const GenerateRequest& request) {
  for (const std::string& name : names) {
    const bool declared = std::any_of(request.tools.begin(), request.tools.end(),
                                      [&](const ToolSpec& tool) { return tool.name == name; });
    if (!declared) return fmt::format("tools: {} is not declared", in_quotes(name));
  }
  return "";
}

}  // namespace

std::string last_user_text(const GenerateRequest& request) {
  for (auto message = request.messages.rbegin(); message != request.messages.rend(); ++message) {
    if (message->role == Role::kUser) return text_of(*message);
  }
  return "";
}

std::string failed_condition(const Condition& condition, const GenerateRequest& request,
                             const std::string& default_model) {
  const std::string user = last_user_text(request);
  const auto turns = std::count_if(request.messages.begin(), request.messages.end(),
                                   [](const Message& m) { return m.role == Role::kUser; });
  const bool tool = !request.messages.empty() && request.messages.back().role == Role::kTool;
  for (const std::string& problem :
       {unless_contained("user", condition.user, user),
        unless_equal("user_is", condition.user_is, user),
        unless_contained("system", condition.system, request.system),
        unless_equal("model", condition.model,
                     request.model.empty() ? default_model : request.model),
        unless_equal("tool_choice", condition.tool_choice, request.tool_choice),
        unless_equal("last", condition.last, tool ? "tool" : "user"),
        unless_declared(condition.tools, request)}) {
    if (!problem.empty()) return problem;
  }
  if (condition.turn && *condition.turn != turns) {
    return fmt::format("turn: expected {}, it is {}", *condition.turn, turns);
  }
  return condition.result ? unless_answered(*condition.result, request) : "";
}

}  // namespace cartpilot::script
