#include "script/provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>
#include <utility>

#include "cartpilot/vendor/options.h"
#include "offline/native_calls.h"
#include "script/conditions.h"
#include "script/placeholders.h"

namespace cartpilot::script {

namespace {

constexpr std::chrono::milliseconds kLook{20};

void stop_if_cancelled(const CallContext& context) {
  if (context.cancelled()) throw Error(ErrorCode::kCancelled, "cancelled");
}

[[noreturn]] void refuse(const Script& script, int line, const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, fmt::format("{}, line {}: {}", script.file, line, why));
}

/// Plays the steps of one answer.
class Player {
 public:
  Player(const GenerateRequest& request, EventSink& sink, const CallContext& context)
      : request_(request), sink_(sink), context_(context) {
    for (const Message& message : request.messages) {
      for (const ToolCall& call : tool_calls_of(message)) taken_.insert(call.id);
    }
  }

  void play(const Step& step) {
    stop_if_cancelled(context_);
    std::visit([this](const auto& content) { act(content); }, step);
  }

  bool called() const { return called_; }

 private:
  void act(const Delay& delay) {
    for (std::chrono::milliseconds left(delay.ms); left.count() > 0; left -= kLook) {
      stop_if_cancelled(context_);
      std::this_thread::sleep_for(std::min(left, kLook));
    }
  }
  void act(const TextDelta& delta) {
    sink_.on_event(TextDelta{replaced_text(delta.text, request_)});
  }
  void act(const ReasoningDelta& delta) {
    sink_.on_event(ReasoningDelta{replaced_text(delta.text, request_)});
  }
  void act(const WarningEvent& warning) { sink_.on_event(warning); }
  void act(const UsageEvent& usage) { sink_.on_event(usage); }
  void act(const ScriptedCall& scripted) {
    ToolCall call;
    call.id = scripted.id.empty() ? fresh_id() : scripted.id;
    call.name = scripted.name;
    if (scripted.arguments_text.empty()) {
      call.arguments = replaced(scripted.arguments, request_);
    } else {
      call.arguments_error = fmt::format("The arguments are not a JSON object: {}",
                                         vendor::one_line(scripted.arguments_text, 200));
    }
    called_ = true;
    sink_.on_event(ToolCallEvent{std::move(call)});
  }

  std::string fresh_id() {
    for (std::size_t number = taken_.size() + 1;; ++number) {
      std::string id = fmt::format("script-{}", number);
      if (taken_.insert(id).second) return id;
    }
  }

  const GenerateRequest& request_;
  EventSink& sink_;
  const CallContext& context_;
  std::set<std::string> taken_;
  bool called_ = false;
};

std::string word_of(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop: return "stop";
    case FinishReason::kToolCalls: return "tool_calls";
    case FinishReason::kLength: return "length";
    case FinishReason::kContentFilter: return "content_filter";
    case FinishReason::kError: return "error";
    case FinishReason::kOther: break;
  }
  return "other";
}

}  // namespace

ScriptProvider::ScriptProvider(const ProviderConfig& config) {
  vendor::OptionReader read("script", config.options);
  const auto file = read.text("file");
  read.finish();
  if (!file) return;
  script_ = read_script(read_document(*file));
  played_.assign(script_->answers.size(), 0);
}

ProviderInfo ScriptProvider::info() const {
  if (!script_) return {"script", "script-1", ""};
  return {"script", script_->model, script_->notice};
}

void ScriptProvider::check() const {
  if (script_) return;
  throw Error(ErrorCode::kInvalidArgument,
              "the script provider needs a script: pass --provider-option file=FILE");
}

std::vector<ModelInfo> ScriptProvider::models(const CallContext&) {
  return {{info().default_model, "plays a script; no model"}};
}

const Answer& ScriptProvider::choose(const GenerateRequest& request) {
  std::string nearest;
  for (std::size_t i = 0; i < script_->answers.size(); ++i) {
    const Answer& answer = script_->answers[i];
    if (answer.times > 0 && played_[i] >= answer.times) continue;
    const std::string problem = failed_condition(answer.when, request, script_->model);
    if (problem.empty()) {
      ++played_[i];
      return answer;
    }
    if (nearest.empty()) {
      nearest = fmt::format("; the next one, at line {}, is for another request ({})", answer.line,
                            problem);
    }
  }
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("{}: no answer is left for '{}'{}", script_->file,
                          vendor::one_line(last_user_text(request), 80),
                          nearest.empty() ? "; all were played" : nearest));
}

void ScriptProvider::generate(const GenerateRequest& request, EventSink& sink,
                              const CallContext& context) {
  stop_if_cancelled(context);
  if (!script_) {
    // Only who did not ask check() comes here, such as the checks every plugin has to pass.
    sink.on_event(TextDelta{"No script was named."});
    sink.on_event(Finish{FinishReason::kStop, "stop", request.model, nullptr});
    return;
  }
  const Answer& answer = choose(request);
  if (const std::string problem = failed_condition(answer.expect, request, script_->model);
      !problem.empty()) {
    refuse(*script_, answer.expect.line, "not as expected: " + problem);
  }
  Player player(request, sink, context);
  try {
    for (const Step& step : answer.steps) player.play(step);
  } catch (const Error& error) {
    if (error.code != ErrorCode::kInvalidArgument) throw;
    refuse(*script_, answer.line, error.what());
  }
  if (answer.error) throw Error(*answer.error);
  stop_if_cancelled(context);
  Finish finish;
  finish.reason =
      answer.finish.value_or(player.called() ? FinishReason::kToolCalls : FinishReason::kStop);
  finish.raw_reason = word_of(finish.reason);
  finish.model = request.model.empty() ? script_->model : request.model;
  sink.on_event(finish);
}

Json ScriptProvider::function_declarations(const std::vector<ToolSpec>& tools) const {
  return offline::native_declarations(tools);
}

std::vector<ToolCall> ScriptProvider::parse_function_calls(const Json& message) const {
  return offline::parse_native_calls(message);
}

Json ScriptProvider::function_responses(const std::vector<ToolResult>& results) const {
  return offline::native_responses(results);
}

}  // namespace cartpilot::script
