#include "script/script.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <utility>

#include "script/script_reader.h"

namespace cartpilot::script {

namespace {

constexpr std::int64_t kMaxDelayMs = 600'000;
constexpr std::int64_t kMaxTimes = 1'000'000;
constexpr std::int64_t kMaxTokens = 1'000'000'000'000;

const std::vector<std::pair<std::string, FinishReason>>& finish_reasons() {
  static const std::vector<std::pair<std::string, FinishReason>> words = {
      {"stop", FinishReason::kStop},     {"tool_calls", FinishReason::kToolCalls},
      {"length", FinishReason::kLength}, {"content_filter", FinishReason::kContentFilter},
      {"error", FinishReason::kError},   {"other", FinishReason::kOther}};
  return words;
}

std::vector<std::string> error_words() {
  std::vector<std::string> words;
  for (int code = 1; code <= static_cast<int>(ErrorCode::kInternal); ++code) {
    words.emplace_back(error_code_name(static_cast<ErrorCode>(code)));
  }
  return words;
}

Condition read_condition(TableReader& table) {
  Condition condition;
  condition.line = table.line();
  condition.user = table.text("user");
  condition.user_is = table.text("user_is");
  condition.system = table.text("system");
  condition.model = table.text("model");
  condition.tool_choice = table.text("tool_choice");
  condition.last = table.choice("last", {"user", "tool"});
  condition.turn = table.number("turn", 1, kMaxTimes);
  condition.tools = table.texts("tools");
  if (auto result = table.table("result", "a condition on a result")) {
    ResultCondition wanted;
    wanted.name = result->text("name");
    wanted.ok = result->flag("ok");
    wanted.error_code = result->text("error_code");
    wanted.contains = result->text("contains");
    result->finish();
    condition.result = wanted;
  }
  table.finish();
  return condition;
}

Error read_error(TableReader& table) {
  const std::string word = table.choice("code", error_words()).value_or("unavailable");
  ErrorCode code = ErrorCode::kUnavailable;
  for (int number = 1; number <= static_cast<int>(ErrorCode::kInternal); ++number) {
    if (error_code_name(static_cast<ErrorCode>(number)) == word) {
      code = static_cast<ErrorCode>(number);
    }
  }
  Error error(code, table.text("message").value_or("the script says so"));
  error.retryable = table.flag("retryable").value_or(false);
  error.retry_after_ms = table.number("retry_after_ms", 0, std::int64_t{86'400'000});
  error.http_status = static_cast<int>(table.number("http_status", 100, 599).value_or(0));
  error.reason = table.text("reason").value_or("");
  error.request_id = table.text("request_id").value_or("");
  table.finish();
  return error;
}

Error cut_error() {
  Error error(ErrorCode::kUnavailable, "the answer broke off before its end, as the script says");
  error.retryable = true;
  error.reason = "stream_cut";
  return error;
}

ScriptedCall read_call(TableReader& table) {
  ScriptedCall call;
  call.name = table.text("name").value_or("");
  call.id = table.text("id").value_or("");
  if (table.has("arguments")) {
    call.arguments = table.any("arguments");
    if (!call.arguments.is_object()) table.refuse("arguments", "expected a table");
  } else {
    table.any("arguments");
  }
  call.arguments_text = table.text("arguments_text").value_or("");
  if (table.has("arguments_text") && table.has("arguments")) {
    table.refuse("arguments_text", "give either arguments or arguments_text");
  }
  table.finish();  // before the next, which a misspelt name would hide
  if (call.name.empty()) table.refuse("name", "a call needs the name of its function");
  return call;
}

Usage read_usage(TableReader& table) {
  Usage usage;
  usage.input_tokens = table.number("input_tokens", 0, kMaxTokens).value_or(0);
  usage.output_tokens = table.number("output_tokens", 0, kMaxTokens).value_or(0);
  usage.reasoning_tokens = table.number("reasoning_tokens", 0, kMaxTokens).value_or(0);
  usage.cached_tokens = table.number("cached_tokens", 0, kMaxTokens).value_or(0);
  table.finish();
  return usage;
}

/// What one table plays, in this order.
void read_steps(TableReader& table, std::vector<Step>& steps) {
  if (const auto ms = table.number("delay_ms", 0, kMaxDelayMs)) steps.emplace_back(Delay{*ms});
  if (const auto text = table.text("reasoning")) steps.emplace_back(ReasoningDelta{*text});
  if (const auto text = table.text("text")) steps.emplace_back(TextDelta{*text});
  for (TableReader& call : table.tables("calls", "a call")) steps.emplace_back(read_call(call));
  if (const auto text = table.text("warning")) steps.emplace_back(WarningEvent{*text});
  if (auto usage = table.table("usage", "usage")) {
    steps.emplace_back(UsageEvent{read_usage(*usage)});
  }
}

void read_ending(TableReader& table, Answer& answer) {
  std::vector<std::string> words;
  for (const auto& [word, reason] : finish_reasons()) words.push_back(word);
  const auto finish = table.choice("finish", words);
  const bool cut = table.flag("cut").value_or(false);
  auto error = table.table("error", "an error");
  if ((finish ? 1 : 0) + (cut ? 1 : 0) + (error ? 1 : 0) > 1) {
    table.refuse(error ? "error" : "cut", "an answer ends in one way: finish, cut or error");
  }
  if (cut) answer.error = cut_error();
  if (error) answer.error = read_error(*error);
  for (const auto& [word, reason] : finish_reasons()) {
    if (finish == word) answer.finish = reason;
  }
}

Answer read_answer(TableReader& table) {
  Answer answer;
  answer.line = table.line();
  if (auto when = table.table("when", "a condition")) answer.when = read_condition(*when);
  if (auto expect = table.table("expect", "a condition")) answer.expect = read_condition(*expect);
  if (const Json times = table.any("times"); times == "always") {
    answer.times = 0;
  } else if (times.is_string()) {
    table.refuse("times", "expected a number or \"always\"");
  } else {
    answer.times = table.number("times", 1, kMaxTimes).value_or(1);
  }
  for (TableReader& step : table.tables("play", "a step")) {
    read_steps(step, answer.steps);
    step.finish();
  }
  read_steps(table, answer.steps);
  read_ending(table, answer);
  table.finish();
  return answer;
}

}  // namespace

Script read_script(const Document& document) {
  TableReader table(document, document.root, "", "a script");
  Script script;
  script.file = document.name;
  script.model = table.text("model").value_or(script.model);
  script.notice = table.text("notice").value_or("A script plays the model: " + document.name);
  for (TableReader& answer : table.tables("answer", "an answer")) {
    script.answers.push_back(read_answer(answer));
  }
  table.finish();
  if (script.answers.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{}: a script needs at least one [[answer]]", document.name));
  }
  return script;
}

}  // namespace cartpilot::script
