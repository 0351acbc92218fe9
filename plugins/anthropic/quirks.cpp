#include "anthropic/plan.h"

namespace cartpilot::anthropic {

std::vector<vendor::Quirk> known_quirks() {
  return {
      {"/thinking", {"must start with a thinking block", "forces tool use"}},
      {"/thinking/budget_tokens", {"enabled", "adaptive"}, "", "adaptive_only", "takes no budget"},
      {"/thinking/display", {"display"}},
      {"/thinking/type", {"adaptive"}, "", "manual_thinking", "wants a budget for its thinking"},
      {"/thinking", {"thinking", "between_tools"}},
      {"/output_config", {"output_config", "effort"}, "", "", "does not accept effort; left out"},
      {"/temperature", {}},
      {"/tool_choice/disable_parallel_tool_use", {}},
      {"/tool_choice", {}},
      {"/system/0/cache_control", {"cache_control"}, "", "no_cache", "-"},
      {"/messages", {"should match pattern"}, "", "plain_ids", "wants other call ids"},
      {"/stream", {}, "", "no_stream", "does not stream; answers come whole"},
  };
}

}  // namespace cartpilot::anthropic
