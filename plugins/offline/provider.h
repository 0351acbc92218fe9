// OfflineProvider: a shopper made of rules instead of a model, for trying cartpilot without a key
// and without a network.
//
// It speaks the same interface as any provider: it reads the conversation, asks for functions and
// answers with text. It has no state, so any conversation can be continued with it or taken over
// from it. One call at a time per instance.
#pragma once

#include <string>
#include <vector>

#include "cartpilot/llm_provider.h"

namespace cartpilot::offline {

class OfflineProvider final : public LLMProvider {
 public:
  /// Throws Error{kInvalidArgument} when options are given: there are none.
  explicit OfflineProvider(const ProviderConfig& config);

  ProviderInfo info() const override;
  std::vector<ModelInfo> models(const CallContext& context) override;

  /// Throws Error{kNotFound} for a model other than "offline-1" and Error{kCancelled}.
  void generate(const GenerateRequest& request, EventSink& sink,
                const CallContext& context) override;

  Json function_declarations(const std::vector<ToolSpec>& tools) const override;
  std::vector<ToolCall> parse_function_calls(const Json& message) const override;
  Json function_responses(const std::vector<ToolResult>& results) const override;
};

}  // namespace cartpilot::offline
