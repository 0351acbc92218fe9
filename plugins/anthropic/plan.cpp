#include "anthropic/plan.h"

#include <algorithm>

#include "cartpilot/vendor/function_names.h"

namespace cartpilot::anthropic {
namespace {

constexpr std::int64_t kDefaultMaxTokens = 16'000;
/// What stands in for adaptive thinking where a budget has to be named.
constexpr std::int64_t kUsualBudget = 8'000;

/// Decides one request; `plan` is filled in step by step.
struct Planner {
  const GenerateRequest& request;
  const Options& options;
  const ModelRules& rules;
  const vendor::Quirks& quirks;
  vendor::Notices& notices;
  RequestPlan& plan;

  void say(const std::string& what) { notices.add(plan.model + " " + what); }

  void decide_max_tokens() {
    plan.max_tokens =
        request.max_output_tokens.value_or(options.max_output_tokens.value_or(kDefaultMaxTokens));
    if (rules.max_output == 0 || plan.max_tokens <= rules.max_output) return;
    if (request.max_output_tokens || options.max_output_tokens) {
      say("writes at most " + std::to_string(rules.max_output) + " tokens; the limit is lowered");
    }
    plan.max_tokens = rules.max_output;
  }

  void decide_effort() {
    if (!options.effort) return;
    const auto& efforts = rules.efforts;
    if (std::find(efforts.begin(), efforts.end(), *options.effort) != efforts.end()) {
      plan.effort = *options.effort;
    } else {
      say("does not take effort " + *options.effort + "; left out");
    }
  }

  Json adaptive() const {
    Json thinking{{"type", "adaptive"}};
    const bool shows = options.display || plan.endpoint->server->first_party;
    // Without it some models think in silence while tools run.
    if (shows) thinking["display"] = options.display.value_or("summarized");
    return thinking;
  }

  /// A budget that fits under the limit of the answer; null when none does.
  Json usual_budget() const {
    const std::int64_t budget = std::min(kUsualBudget, plan.max_tokens / 2);
    return budget < kMinThinkingBudget ? Json()
                                       : Json{{"type", "enabled"}, {"budget_tokens", budget}};
  }

  bool takes_adaptive() const {
    return rules.adaptive && !quirks.knows(plan.model, "manual_thinking");
  }
  bool takes_budget() const { return rules.enabled && !quirks.knows(plan.model, "adaptive_only"); }
  bool takes_disabled() const {
    const bool too_much = plan.effort == "xhigh" || plan.effort == "max";
    return rules.disabled && !(rules.disabled_up_to_high && too_much);
  }

  void decide_thinking() {
    switch (options.thinking) {
      case Thinking::kUnset:
        if (rules.claude && rules.on_by_default && takes_adaptive() &&
            (plan.endpoint->server->first_party || options.display)) {
          plan.thinking = adaptive();
        }
        return;
      case Thinking::kAdaptive:
        plan.thinking = takes_adaptive() ? adaptive() : usual_budget();
        return;
      case Thinking::kBudget: think_by_budget(); return;
      case Thinking::kOff: do_not_think(); return;
      case Thinking::kBetweenTools:
        if (rules.between_tools || !rules.claude) {
          plan.thinking = Json{{"type", "between_tools"}};
        } else {
          say("does not offer thinking=between-tools; left out");
        }
        return;
    }
  }

  void think_by_budget() {
    if (!takes_budget()) {
      say("takes no thinking budget; adaptive thinking is used");
      plan.thinking = adaptive();
      return;
    }
    if (options.budget >= plan.max_tokens) {
      throw Error(ErrorCode::kInvalidArgument,
                  "anthropic option thinking=" + std::to_string(options.budget) +
                      " leaves no room for an answer of " + std::to_string(plan.max_tokens) +
                      " tokens; raise max-output-tokens or lower thinking");
    }
    plan.thinking = Json{{"type", "enabled"}, {"budget_tokens", options.budget}};
  }

  void do_not_think() {
    if (rules.claude && !rules.on_by_default) return;
    if (takes_disabled()) {
      plan.thinking = Json{{"type", "disabled"}};
    } else if (rules.between_tools) {
      plan.thinking = Json{{"type", "between_tools"}};
    } else {
      say("always thinks; thinking=off is left out");
    }
  }

  bool thinks() const {
    if (plan.thinking.is_null()) return rules.claude && rules.on_by_default;
    const std::string type = string_or(plan.thinking, "type");
    return type == "adaptive" || type == "enabled";
  }

  /// Models that think cannot be told to call. False when nothing can be done about it.
  bool may_force() {
    if (!thinks()) return true;
    if (rules.claude && !rules.on_by_default) {
      plan.thinking = nullptr;
      return true;
    }
    if (!rules.claude || !takes_disabled()) return !rules.claude;
    plan.thinking = Json{{"type", "disabled"}};
    return true;
  }

  void decide_tool_choice() {
    const std::string& asked = request.tool_choice;
    if (request.tools.empty() || !plan.endpoint->server->tool_choice) return;
    const bool one_by_one = !options.parallel_tool_calls.value_or(true);
    if (asked.empty() || asked == "auto") {
      if (one_by_one) plan.tool_choice = Json{{"type", "auto"}};
    } else if (asked == "none") {
      plan.tool_choice = Json{{"type", "none"}};
    } else {
      const bool any = asked == "required";
      if (!any) vendor::require_declared(asked, request.tools);
      if (may_force()) {
        plan.tool_choice = any ? Json{{"type", "any"}} : Json{{"type", "tool"}, {"name", asked}};
      } else {
        say("cannot be told to call a function while it thinks; left to the model");
      }
    }
    if (!plan.tool_choice.is_null() && one_by_one && asked != "none")
      plan.tool_choice["disable_parallel_tool_use"] = true;
  }

  void decide_temperature() {
    const auto asked = request.temperature ? request.temperature : options.temperature;
    if (!asked) return;
    if (!rules.sampling || options.version != "2023-06-01") {
      say("takes no temperature; left out");
    } else if (rules.claude && thinks()) {
      say("takes no temperature while it thinks; left out");
    } else {
      plan.temperature = asked;
    }
  }
};

}  // namespace

RequestPlan make_plan(const GenerateRequest& request, const std::string& model,
                      const Endpoint& endpoint, const Options& options, const ModelRules& rules,
                      const vendor::Quirks& quirks, vendor::Notices& notices) {
  RequestPlan plan;
  plan.model = model;
  plan.endpoint = &endpoint;
  plan.stream = request.stream && !quirks.knows(model, "no_stream");
  const bool first_party = endpoint.server->first_party;
  plan.cache = options.cache.value_or(first_party ? Cache::kFiveMinutes : Cache::kOff);
  if (quirks.knows(model, "no_cache")) plan.cache = Cache::kOff;
  plan.plain_ids = first_party || quirks.knows(model, "plain_ids");
  Planner planner{request, options, rules, quirks, notices, plan};
  planner.decide_max_tokens();
  planner.decide_effort();
  planner.decide_thinking();
  planner.decide_tool_choice();
  planner.decide_temperature();
  return plan;
}

}  // namespace cartpilot::anthropic
