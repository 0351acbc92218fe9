#include <cctype>

#include "cartpilot/plugin.h"

using namespace cartpilot;

class Shout : public LLMProvider {
 public:
  explicit Shout(const ProviderConfig&) {}

  ProviderInfo info() const override { return {"shout", "shout-1", ""}; }

  void generate(const GenerateRequest& request, EventSink& sink, const CallContext&) override {
    std::string text = request.messages.empty() ? "" : text_of(request.messages.back());
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    sink.on_event(TextDelta{text + "!"});
    sink.on_event(Finish{});
  }

  Json function_declarations(const std::vector<ToolSpec>&) const override { return Json::array(); }
  std::vector<ToolCall> parse_function_calls(const Json&) const override {
    throw Error(ErrorCode::kUnsupported, "shout calls no functions");
  }
  Json function_responses(const std::vector<ToolResult>&) const override { return Json::array(); }
};

CARTPILOT_PROVIDER_PLUGIN(Shout, "shout", "1.0.0", "[]")
