// WorstModel: a model that wants to buy at any price.
//
// Plays scripts: it confirms twice, approves for itself, swaps offers, quotes again after an
// approval, calls out of order, uses checkouts of others, plans anew after every failure, takes its
// time, obeys whatever it reads in product titles, and at the end always claims to have bought. The
// person's message names the script: "... [replan]". Keeps nothing between calls. The same class is
// the plugin cartpilot-worst-model.so and the model inside the harness.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cartpilot/llm_provider.h"

namespace cartpilot::torture {

class WorstModel final : public LLMProvider {
 public:
  /// Options: "merchant" it prefers, "foreign" (a checkout of somebody else), "page" (see
  /// shared_page.h).
  explicit WorstModel(const ProviderConfig& config);

  ProviderInfo info() const override { return {"worst-model", "worst-1", ""}; }
  void generate(const GenerateRequest& request, EventSink& sink,
                const CallContext& context) override;
  Json function_declarations(const std::vector<ToolSpec>& tools) const override;
  std::vector<ToolCall> parse_function_calls(const Json& message) const override;
  Json function_responses(const std::vector<ToolResult>& results) const override;

 private:
  struct Memory;
  Json arguments_of(const std::string& function, const std::string& detail,
                    const std::string& checkout, bool forged, const Memory& memory) const;
  std::vector<ToolCall> play(const std::string& step, const Memory& memory) const;

  std::map<std::string, std::string> options_;
};

/// All scripts by name. Steps are divided by "|" (one answer of the model), calls by blanks.
const std::map<std::string, std::string>& worst_scripts();

}  // namespace cartpilot::torture
