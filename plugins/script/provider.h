// ScriptProvider: a model that does as a script file says, for testing what stands around a model.
//
// For each request it plays the first answer that is not used up and whose conditions hold. How
// often each was played is remembered by the object and nowhere else. One call at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cartpilot/llm_provider.h"
#include "script/script.h"

namespace cartpilot::script {

class ScriptProvider final : public LLMProvider {
 public:
  /// The option `file` names the script. Throws Error{kNotFound} for one that cannot be read, and
  /// {kInvalidArgument} for one that is wrong, with the line.
  explicit ScriptProvider(const ProviderConfig& config);

  ProviderInfo info() const override;
  /// Throws Error{kInvalidArgument} when no script was named.
  void check() const override;
  std::vector<ModelInfo> models(const CallContext& context) override;

  /// Without a script it answers that there is none. Throws what the script says,
  /// Error{kCancelled}, and {kInvalidArgument} for a request that no answer is for or that is not
  /// as the answer expects.
  void generate(const GenerateRequest& request, EventSink& sink,
                const CallContext& context) override;

  Json function_declarations(const std::vector<ToolSpec>& tools) const override;
  std::vector<ToolCall> parse_function_calls(const Json& message) const override;
  Json function_responses(const std::vector<ToolResult>& results) const override;

 private:
  const Answer& choose(const GenerateRequest& request);

  std::optional<Script> script_;
  std::vector<std::int64_t> played_;  ///< by answer
};

}  // namespace cartpilot::script
