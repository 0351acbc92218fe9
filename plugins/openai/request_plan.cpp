#include "openai/request_plan.h"

namespace cartpilot::openai {
namespace {

constexpr std::int64_t kSmallestResponsesLimit = 16;
constexpr std::size_t kMaxTools = 128;

/// A forced choice holds for the answer to a person's message only; kept up after the results it
/// would have the model call functions for ever.
bool answers_a_person(const GenerateRequest& request) {
  return !request.messages.empty() && request.messages.back().role == Role::kUser;
}

void choose_tools(const GenerateRequest& request, const OpenAiOptions& options, RequestPlan& plan) {
  for (const ToolSpec& tool : request.tools) plan.tools.push_back(&tool);
  if (plan.server.openai_models && plan.tools.size() > kMaxTools) {
    plan.tools.resize(kMaxTools);
    plan.warnings.push_back(plan.model + " takes 128 functions; the others were not offered");
  }
  plan.tool_choice = request.tool_choice;
  if (plan.tool_choice == "auto" && !options.tool_choice.empty() && answers_a_person(request)) {
    plan.tool_choice = options.tool_choice;
  }
  const bool named =
      plan.tool_choice != "auto" && plan.tool_choice != "none" && plan.tool_choice != "required";
  if (named && !plan.server.named_tool_choice) {
    // Where a name is not understood, offering one function and requiring a call says the same.
    for (const ToolSpec* tool : plan.tools) {
      if (tool->name != plan.tool_choice) continue;
      plan.tools = {tool};
      plan.tool_choice = "required";
      break;
    }
  }
}

/// Tools on Chat Completions may need the effort "none", said explicitly.
void choose_effort(RequestPlan& plan) {
  const bool needed = plan.api == Api::kChat && !plan.tools.empty() &&
                      plan.traits.chat_tools == ChatTools::kOnlyWithoutReasoning;
  if (!needed || plan.reasoning_effort == "none") return;
  if (!plan.reasoning_effort.empty()) {
    plan.warnings.push_back(plan.model +
                            " calls functions on Chat Completions only with reasoning effort none; "
                            "sent that (api=responses keeps the effort)");
  }
  plan.reasoning_effort = "none";
}

void apply_model_rules(RequestPlan& plan) {
  if (!plan.server.openai_models || !plan.traits.reasoning) return;
  choose_effort(plan);
  // Without thinking 5.1 to 5.4 take a temperature; reports about later ones disagree.
  const bool thinks =
      plan.reasoning_effort != "none" || !plan.traits.at_least(5, 1) || plan.traits.at_least(5, 5);
  if (plan.temperature && thinks) {
    plan.temperature.reset();
    plan.warnings.push_back(plan.model + " takes no temperature; left out");
  }
  if (plan.api == Api::kChat && plan.parallel_tool_calls && !plan.traits.parallel_calls_field) {
    plan.parallel_tool_calls.reset();
    plan.warnings.push_back(plan.model + " takes no parallel_tool_calls; left out");
  }
}

void apply_experience(const vendor::Quirks& quirks, RequestPlan& plan) {
  const auto knows = [&](const char* flag) { return quirks.knows(plan.model, flag); };
  if (knows("no_stream")) plan.stream = plan.say_stream = false;
  if (knows("plain_schema")) plan.strict = false;
  if (knows("no_strict_member")) plan.explicit_strict = false;
  if (knows("echo_reasoning")) plan.echo_reasoning = Echo::kAlways;
  if (knows("no_reasoning")) plan.echo_reasoning = Echo::kNever;
  if (knows("plain_content")) plan.echo_parts = false;
  if (knows("no_item_ids")) plan.item_ids = false;
}

Api api_of(const RequestPlan& plan, const Endpoint& endpoint, Server server,
           const OpenAiOptions& options, const vendor::Quirks& quirks) {
  if (quirks.knows(plan.model, "chat")) return Api::kChat;
  if (quirks.knows(plan.model, "responses")) return Api::kResponses;
  return choose_api(endpoint, server, plan.model, options.api);
}

}  // namespace

RequestPlan plan_request(const GenerateRequest& request, const Endpoint& endpoint, Server server,
                         const OpenAiOptions& options, const vendor::Quirks& quirks) {
  RequestPlan plan;
  plan.server = server_profile(server);
  plan.model = request.model.empty() ? default_model(endpoint, server) : request.model;
  plan.traits = model_traits(plan.model);
  plan.api = api_of(plan, endpoint, server, options, quirks);
  plan.endpoint = endpoint.base();
  plan.stream = request.stream;
  plan.include_usage = plan.server.stream_options;
  plan.developer_role = plan.server.openai_models && plan.traits.reasoning;
  plan.strict = options.strict.value_or(plan.server.strict);
  plan.encrypted_reasoning =
      plan.server.openai_models && (plan.traits.reasoning || !plan.traits.known);
  plan.echo_reasoning = plan.server.echo_reasoning ? Echo::kBesideCalls : Echo::kNever;
  plan.completion_limit = plan.server.completion_limit;
  plan.parallel_tool_calls = options.parallel_tool_calls;
  plan.max_output_tokens =
      request.max_output_tokens ? request.max_output_tokens : options.max_output_tokens;
  plan.temperature = request.temperature ? request.temperature : options.temperature;
  plan.reasoning_effort = options.reasoning_effort;
  plan.reasoning_summary = options.reasoning_summary;
  choose_tools(request, options, plan);
  if (plan.api == Api::kResponses && plan.max_output_tokens &&
      *plan.max_output_tokens < kSmallestResponsesLimit) {
    plan.max_output_tokens = kSmallestResponsesLimit;
    plan.warnings.push_back("the smallest output limit is 16 tokens; sent that");
  }
  apply_model_rules(plan);
  apply_experience(quirks, plan);
  if (plan.tools.empty()) {
    plan.tool_choice = "auto";
    plan.parallel_tool_calls.reset();
  }
  return plan;
}

}  // namespace cartpilot::openai
