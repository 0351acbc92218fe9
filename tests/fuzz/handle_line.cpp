// Anything as a line of `tools handle`. The first byte chooses the vendor whose calls it holds.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "anthropic/provider.h"
#include "cartpilot/error.h"
#include "chat/call_guard.h"
#include "chat/tool_router.h"
#include "commerce/tools.h"
#include "gemini/provider.h"
#include "openai/provider.h"

namespace {

using namespace cartpilot;

void require(bool holds) {
  if (!holds) std::abort();
}

/// CartPilot's functions, which answer with their arguments.
class Echo final : public ToolSet {
 public:
  std::vector<ToolSpec> list() const override { return commerce::cartpilot_tool_specs(); }
  ToolOutcome call(const std::string&, const Json& arguments, const CallContext&) override {
    require(arguments.is_object());
    return {true, {{"arguments", arguments}}};
  }
};

class NoMoney final : public chat::CallGuard {
 public:
  void begin_turn() override {}
  std::optional<ToolOutcome> before_write(ToolCall&) override { return std::nullopt; }
  void after_write(const ToolCall&, const ToolOutcome&) override {}
  ToolOutcome run_money(const ToolCall&, const CallContext&) override {
    return tool_error("REFUSED", "nothing is bought here");
  }
};

const LLMProvider& provider(unsigned vendor) {
  static const openai::OpenAiProvider kOpenAi{ProviderConfig()};
  static const gemini::GeminiProvider kGemini{ProviderConfig()};
  static const anthropic::AnthropicProvider kAnthropic{ProviderConfig()};
  if (vendor % 3 == 0) return kOpenAi;
  if (vendor % 3 == 1) return kGemini;
  return kAnthropic;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const LLMProvider& vendor = provider(data[0]);
  const std::string_view line(reinterpret_cast<const char*>(data) + 1, size - 1);
  Echo tools;
  NoMoney guard;
  chat::ToolRouter router(guard);
  router.add(tools, "cartpilot", true);
  try {
    const std::vector<ToolCall> calls = vendor.parse_function_calls(parse_json(line, "the line"));
    if (calls.size() > 128) return 0;
    const std::vector<ToolResult> results = router.run(calls, CallContext());
    require(results.size() == calls.size());
    const Json responses = vendor.function_responses(results);
    require(parse_json(dump_json(responses)) == responses);
  } catch (const Error& error) {
    require(error.code != ErrorCode::kInternal);
  }
  return 0;
}
