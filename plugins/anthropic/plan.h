// RequestPlan: every decision about one request, apart from its format.
//
// What the person asked for, what the model takes and what was learned from refusals are weighed
// here; the encoder only writes down the result. What cannot be done is said in a notice. Pure
// apart from the notices.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "anthropic/endpoint.h"
#include "anthropic/models.h"
#include "anthropic/options.h"
#include "cartpilot/llm_provider.h"
#include "cartpilot/vendor/notices.h"
#include "cartpilot/vendor/quirks.h"

namespace cartpilot::anthropic {

struct RequestPlan {
  std::string model;
  const Endpoint* endpoint = nullptr;
  bool stream = true;
  std::int64_t max_tokens = 0;
  Json thinking;       ///< null = nothing is said
  std::string effort;  ///< "" = nothing is said
  std::optional<double> temperature;
  Json tool_choice;  ///< null = nothing is said
  Cache cache = Cache::kOff;
  bool plain_ids = false;  ///< ids of calls must fit [A-Za-z0-9_-]+
  const std::set<std::string>* refused_thinking = nullptr;  ///< see thinking_keys(); may be null
};

/// Throws Error{kInvalidArgument} for a budget that leaves no room for the answer, and for a tool
/// choice that names no declared function.
RequestPlan make_plan(const GenerateRequest& request, const std::string& model,
                      const Endpoint& endpoint, const Options& options, const ModelRules& rules,
                      const vendor::Quirks& quirks, vendor::Notices& notices);

/// What servers of this family are known to refuse, and what is sent instead. Flags, asked by
/// make_plan(): "adaptive_only" and "manual_thinking" (the kind of thinking the server wants),
/// "no_cache", "plain_ids", "no_stream".
std::vector<vendor::Quirk> known_quirks();

}  // namespace cartpilot::anthropic
