// What models take: thinking, effort, sampling, how much they write.
//
// First by name: family and version are read off the id and compared with ">=", never with a list
// of names, and an id that says nothing counts as the newest. Anthropic's own service describes its
// models at /v1/models/{id}, which then has the last word. Plain values and pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/json.h"

namespace cartpilot::anthropic {

struct ModelRules {
  bool claude = false;         ///< one of Anthropic's; for others nothing is known
  bool on_by_default = false;  ///< thinks when nothing is said about it
  bool adaptive = true;        ///< the values of thinking.type it takes
  bool enabled = true;
  bool disabled = true;
  bool between_tools = false;
  bool disabled_up_to_high = false;  ///< `disabled` only at effort high or less
  bool sampling = true;              ///< takes a temperature
  std::vector<std::string> efforts;  ///< empty = none
  std::int64_t max_output = 0;       ///< tokens of one answer; 0 = not known
};

/// Ids of any shape: with dates, with "anthropic." or "us.anthropic." of Bedrock, "@date" of
/// Vertex, "anthropic/" and dots of gateways.
ModelRules rules_by_name(std::string_view model);

/// Changes `rules` by what the service says about the model; what it leaves out stays.
void apply_description(const Json& description, ModelRules& rules);

/// One line when the model is or will be retired, else "". `description` may be null.
std::string retirement_notice(const std::string& model, const Json& description);

}  // namespace cartpilot::anthropic
