// A provider whose model calls the function named in the option "call" once, with the arguments in
// the option "with", and then says what came back. The option "calls" lists what it was offered.
#include <string>
#include <vector>

#include "cartpilot/plugin.h"

namespace {

using namespace cartpilot;

class Caller final : public LLMProvider {
 public:
  explicit Caller(const ProviderConfig& config) : options_(config.options) {}

  ProviderInfo info() const override { return {"caller", "caller-1", ""}; }

  void generate(const GenerateRequest& request, EventSink& sink, const CallContext&) override {
    const Message& last = request.messages.back();
    for (const Part& part : last.parts) {
      if (const auto* result = std::get_if<ToolResult>(&part)) {
        sink.on_event(TextDelta{"came back: " + dump_json(result->content)});
        sink.on_event(Finish{});
        return;
      }
    }
    std::string offered = "offered:";
    for (const ToolSpec& tool : request.tools) offered += " " + tool.name;
    sink.on_event(TextDelta{offered + "\n"});
    const auto call = options_.find("call");
    if (call == options_.end()) {
      sink.on_event(Finish{});
      return;
    }
    const auto with = options_.find("with");
    sink.on_event(ToolCallEvent{
        {"call-1", call->second,
         with == options_.end() ? Json::object() : parse_json(with->second, "with"), "", nullptr}});
    sink.on_event(Finish{FinishReason::kToolCalls, "", "", nullptr});
  }

  Json function_declarations(const std::vector<ToolSpec>&) const override { return Json::array(); }
  std::vector<ToolCall> parse_function_calls(const Json&) const override { return {}; }
  Json function_responses(const std::vector<ToolResult>&) const override { return Json::array(); }

 private:
  const std::map<std::string, std::string> options_;
};

}  // namespace

CARTPILOT_PROVIDER_PLUGIN(Caller, ZOO_ID, "1.0.0", "[]")
