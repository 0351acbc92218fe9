// A provider that plays a script, and watchers that write down what they hear. For tests of the
// chat session.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cartpilot/llm_provider.h"
#include "chat/call_guard.h"
#include "chat/session.h"

namespace cartpilot::chat {

/// Each generate() plays the next step; a step emits events and may throw.
class ScriptedProvider final : public LLMProvider {
 public:
  using Step = std::function<void(const GenerateRequest&, EventSink&)>;

  explicit ScriptedProvider(std::vector<Step> steps, std::string name = "scripted")
      : steps_(std::move(steps)), name_(std::move(name)) {}

  ProviderInfo info() const override { return {name_, name_ + "-1", ""}; }
  void generate(const GenerateRequest& request, EventSink& sink, const CallContext&) override {
    requests.push_back(request);
    steps_.at(requests.size() - 1)(request, sink);
  }
  Json function_declarations(const std::vector<ToolSpec>&) const override { return Json::array(); }
  std::vector<ToolCall> parse_function_calls(const Json&) const override { return {}; }
  Json function_responses(const std::vector<ToolResult>&) const override { return Json::array(); }

  std::vector<GenerateRequest> requests;

 private:
  std::vector<Step> steps_;
  std::string name_;
};

inline ScriptedProvider::Step says(const std::string& text) {
  return [text](const GenerateRequest&, EventSink& sink) {
    sink.on_event(TextDelta{text});
    sink.on_event(Finish{});
  };
}

inline ToolCall call_of(const std::string& id, const std::string& name,
                        Json arguments = Json::object()) {
  ToolCall call;
  call.id = id;
  call.name = name;
  call.arguments = std::move(arguments);
  return call;
}

inline ScriptedProvider::Step calls(std::vector<ToolCall> list,
                                    FinishReason reason = FinishReason::kToolCalls) {
  return [list = std::move(list), reason](const GenerateRequest&, EventSink& sink) {
    for (const ToolCall& call : list) sink.on_event(ToolCallEvent{call});
    Finish finish;
    finish.reason = reason;
    sink.on_event(finish);
  };
}

inline ScriptedProvider::Step fails(Error error, const std::string& text_before = "") {
  return [error = std::move(error), text_before](const GenerateRequest&, EventSink& sink) {
    if (!text_before.empty()) sink.on_event(TextDelta{text_before});
    throw error;
  };
}

/// Tools that echo their name; "slow" cancels the context given to it.
class EchoTools final : public ToolSet {
 public:
  std::vector<ToolSpec> list() const override {
    const Json schema = {{"type", "object"}, {"properties", {{"n", {{"type", "integer"}}}}}};
    return {{"look", "reads", schema, EffectClass::kRead},
            {"change", "writes", schema, EffectClass::kWrite}};
  }
  ToolOutcome call(const std::string& name, const Json& arguments, const CallContext&) override {
    if (on_call) on_call(name);
    return {true, {{"tool", name}, {"arguments", arguments}}};
  }
  std::function<void(const std::string&)> on_call;
};

class PassingGuard final : public CallGuard {
 public:
  std::optional<ToolOutcome> before_write(ToolCall&) override { return std::nullopt; }
  void after_write(const ToolCall&, const ToolOutcome&) override {}
  ToolOutcome run_money(const ToolCall&, const CallContext&) override {
    return tool_error("REFUSED", "no");
  }
  void begin_turn() override { ++turns; }
  int turns = 0;
};

/// Writes everything down as short words.
class Notebook final : public ChatObserver, public MessageLog {
 public:
  void on_event(const StreamEvent& event) override {
    if (const auto* text = std::get_if<TextDelta>(&event)) lines.push_back("text " + text->text);
  }
  void on_tool_call(const ToolCall& call) override { lines.push_back("call " + call.id); }
  void on_tool_result(const ToolCall&, const ToolResult& result, std::int64_t) override {
    lines.push_back((result.is_error ? "error " : "result ") + result.call_id);
  }
  void on_retry(std::int64_t, const std::string& reason) override {
    lines.push_back("retry " + reason);
  }
  bool goes_on_after(const std::string& limit) override {
    lines.push_back("limit " + limit);
    return times_to_go_on-- > 0;
  }
  void append(const Message& message) override {
    if (full) throw Error(ErrorCode::kUnavailable, "the disk is full");
    messages.push_back(message);
  }

  std::vector<std::string> lines;
  std::vector<Message> messages;
  bool full = false;       ///< nothing can be stored
  int times_to_go_on = 0;  ///< over a limit of the turn
};

class SwitchContext final : public CallContext {
 public:
  bool cancelled() const noexcept override { return flag; }
  bool flag = false;
};

}  // namespace cartpilot::chat
