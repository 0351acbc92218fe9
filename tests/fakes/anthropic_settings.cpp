#include <fmt/format.h>

#include <algorithm>

#include "fakes/anthropic_rules.h"

// What stands around the messages: members, models, thinking, functions, cache marks. The rules are
// those of the public API reference and its pages on thinking, tools and caching.

namespace cartpilot::fakes::anthropic {
namespace {

bool is_name(const std::string& name, std::size_t most) {
  return !name.empty() && name.size() <= most &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
}

void only_known(const Json& object, const std::set<std::string>& known, const std::string& path) {
  for (const auto& [key, value] : object.items()) {
    if (known.count(key) == 0) refuse("Q6", path + key + ": Extra inputs are not permitted");
  }
}

void count_marks(const Json& value, int& marks) {
  if (value.is_object() && value.contains("cache_control")) {
    ++marks;
    const std::string type = string_or(value, "type");
    if (type == "thinking" || type == "redacted_thinking") {
      refuse("Q27", "cache_control is not allowed on thinking blocks");
    }
    if (type == "text" && string_or(value, "text").empty()) {
      refuse("Q27", "cache_control cannot be set for empty text blocks");
    }
    const Json& mark = value["cache_control"];
    if (string_or(mark, "type") != "ephemeral") refuse("Q27", "cache_control.type: ephemeral");
    only_known(mark, {"type", "ttl"}, "cache_control.");
  }
  if (!value.is_structured()) return;
  for (const Json& child : value) count_marks(child, marks);
}

void check_thinking_setting(const Json& body, const ModelRules& rules) {
  if (!body.contains("thinking")) return;
  const Json& thinking = body["thinking"];
  const std::string type = string_or(thinking, "type");
  if (rules.thinking.count(type) == 0) {
    refuse("Q25", fmt::format("thinking.type: {} is not supported for this model", type));
  }
  if (type == "enabled") {
    only_known(thinking, {"type", "budget_tokens"}, "thinking.");
    const std::int64_t budget = integer_or(thinking, "budget_tokens", -1);
    if (budget < 1024) refuse("Q25", "thinking.enabled.budget_tokens: at least 1024");
    if (budget >= integer_or(body, "max_tokens")) {
      refuse("Q25", "`max_tokens` must be greater than `thinking.budget_tokens`");
    }
  } else {
    only_known(thinking, {"type", "display"}, "thinking.");
  }
  const std::string effort =
      body.contains("output_config") ? string_or(body["output_config"], "effort") : "";
  if (type == "disabled" && (effort == "xhigh" || effort == "max")) {
    refuse("Q25", "thinking.disabled: not with this effort");
  }
}

void check_choice(const Json& body, const ModelRules& rules) {
  if (!body.contains("tool_choice")) return;
  if (!body.contains("tools")) refuse("Q26", "tool_choice may only be specified with tools");
  const Json& choice = body["tool_choice"];
  const std::string type = string_or(choice, "type");
  only_known(choice, {"type", "name", "disable_parallel_tool_use"}, "tool_choice.");
  if (type == "none" && choice.contains("disable_parallel_tool_use")) {
    refuse("Q26", "tool_choice.none.disable_parallel_tool_use: Extra inputs are not permitted");
  }
  if (type == "auto" || type == "none") return;
  if (type != "any" && type != "tool") refuse("Q26", "tool_choice.type: auto, any, tool or none");
  const std::string thinking = body.contains("thinking") ? string_or(body["thinking"], "type") : "";
  const bool thinks =
      thinking == "adaptive" || thinking == "enabled" || (thinking.empty() && rules.thinks);
  if (thinks || rules.no_forced_call) {
    refuse("Q26", "Thinking may not be enabled when tool_choice forces tool use.");
  }
}

}  // namespace

Json Refusal::body() const {
  return Json{{"type", "error"},
              {"error", {{"type", type}, {"message", message}}},
              {"request_id", "req_fake"}};
}

void refuse(const std::string& rule, const std::string& message) { throw Refusal{rule, message}; }

ModelRules model_rules(const std::string& model) {
  const auto is = [&model](const char* name) { return model.find(name) != std::string::npos; };
  if (is("haiku-4-5")) return {{"enabled", "disabled"}, false, true, false, 64'000};
  if (is("opus-4-6")) return {{"adaptive", "enabled", "disabled"}, false, true, false, 128'000};
  if (is("sonnet-5-5")) return {{"adaptive", "between_tools"}, true, false, false, 128'000};
  if (is("haiku-5-5")) return {{"adaptive"}, true, false, false, 128'000};
  if (is("opus-5-5")) return {{"adaptive"}, true, false, true, 128'000};
  if (is("sonnet-5") || is("opus-5")) {
    return {{"adaptive", "disabled"}, true, false, false, 128'000};
  }
  return {{"adaptive"}, true, false, false, 128'000};
}

Json model_description(const std::string& model) {
  const ModelRules rules = model_rules(model);
  Json types = Json::object();
  for (const char* type : {"adaptive", "between_tools", "disabled", "enabled"}) {
    types[type] = Json{{"supported", rules.thinking.count(type) != 0}};
  }
  Json effort{{"supported", rules.thinking.count("adaptive") != 0}};
  for (const char* word : {"low", "medium", "high", "xhigh", "max"}) effort[word] = effort;
  return Json{{"type", "model"},
              {"id", model},
              {"display_name", "Model " + model},
              {"lifecycle", "active"},
              {"max_tokens", rules.max_tokens},
              {"capabilities", {{"thinking", {{"types", types}}}, {"effort", effort}}}};
}

Json parse_body(const std::string& text) {
  try {
    Json body = parse_json(text);
    if (body.is_object()) return body;
  } catch (const Error&) {
  }
  refuse("Q4", "The request body is not valid JSON");
}

Json without_marks(Json value) {
  if (value.is_object()) value.erase("cache_control");
  if (value.is_structured()) {
    for (Json& child : value) child = without_marks(std::move(child));
  }
  return value;
}

void check_settings(const Json& body, const std::string& version,
                    const FakeAnthropicOptions& options) {
  std::set<std::string> known = {"model",       "max_tokens",     "messages", "system",
                                 "tools",       "tool_choice",    "thinking", "output_config",
                                 "stream",      "stop_sequences", "metadata", "service_tier",
                                 "temperature", "top_p",          "top_k",    "cache_control"};
  if (options.vertex)
    known = {"anthropic_version", "anthropic_beta", "max_tokens", "messages",   "system", "tools",
             "tool_choice",       "thinking",       "stream",     "temperature"};
  if (options.quirks.no_tool_choice) known.erase("tool_choice");
  only_known(body, known, "");
  const std::string model = string_or(body, "model");
  if (!options.vertex && model.empty()) refuse("Q5", "model: Field required");
  if (options.vertex && string_or(body, "anthropic_version") != "vertex-2023-10-16") {
    refuse("Q5", "anthropic_version: Field required");
  }
  if (!body.contains("max_tokens")) refuse("Q5", "max_tokens: Field required");
  if (!body["max_tokens"].is_number_integer() || integer_or(body, "max_tokens") < 1) {
    refuse("Q5", "max_tokens: Input should be greater than or equal to 1");
  }
  if (!body.contains("messages")) refuse("Q5", "messages: Field required");
  const ModelRules rules = model_rules(model);
  if (options.first_party && integer_or(body, "max_tokens") > rules.max_tokens) {
    refuse("Q5", fmt::format("max_tokens: {} > {}, which is the maximum allowed number of output "
                             "tokens for {}",
                             integer_or(body, "max_tokens"), rules.max_tokens, model));
  }
  for (const char* key : {"temperature", "top_p", "top_k"}) {
    if (!body.contains(key)) continue;
    if (version == "2026-10-21")
      refuse("Q3", std::string(key) + ": Extra inputs are not permitted");
    if (options.first_party && !rules.sampling) {
      refuse("Q24", fmt::format("`{}` is deprecated for this model.", key));
    }
    if (options.first_party && body.contains("thinking")) {
      refuse("Q24", "`temperature` may only be set to 1 when thinking is enabled");
    }
  }
  if (body.contains("system")) {
    const Json& system = body["system"];
    if (system.is_string() ? system.get<std::string>().empty() : !system.is_array()) {
      refuse("Q7", "system: text content must be non-empty");
    }
    if (system.is_array()) {
      if (system.empty()) refuse("Q7", "system: List should have at least 1 item");
      for (const Json& block : system) {
        if (string_or(block, "type") != "text" || string_or(block, "text").empty()) {
          refuse("Q7", "system: text content blocks must be non-empty");
        }
      }
    }
  }
  if (options.first_party) {
    check_thinking_setting(body, rules);
    check_choice(body, rules);
  }
  if (options.quirks.only_enabled && body.contains("thinking") &&
      string_or(body["thinking"], "type") == "adaptive") {
    throw Refusal{"", "adaptive thinking is not supported; thinking.type must be enabled"};
  }
}

void check_tools(const Json& body) {
  if (!body.contains("tools")) return;
  std::set<std::string> names;
  std::size_t strict = 0;
  std::size_t optional = 0;
  for (const Json& tool : body["tools"]) {
    only_known(tool, {"name", "description", "input_schema", "strict", "cache_control"}, "tools.");
    const std::string name = string_or(tool, "name");
    if (!is_name(name, 64)) {
      refuse("Q17", "tools.name: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'");
    }
    if (!names.insert(name).second) refuse("Q17", "tools: Tool names must be unique.");
    const Json schema = tool.value("input_schema", Json());
    if (!schema.is_object() || string_or(schema, "type") != "object") {
      refuse("Q18", "tools.input_schema.type: Field required");
    }
    for (const char* key : {"oneOf", "anyOf", "allOf"}) {
      if (schema.contains(key)) {
        refuse("Q18",
               "tools.input_schema: input_schema does not support oneOf, allOf, or anyOf at "
               "the top level");
      }
    }
    if (schema.dump().find(R"("$ref":"http)") != std::string::npos) {
      refuse("Q18", "tools.input_schema: $ref to another document");
    }
    if (tool.value("strict", false)) {
      ++strict;
      const Json properties = schema.value("properties", Json::object());
      optional += properties.size() - schema.value("required", Json::array()).size();
      if (schema.value("additionalProperties", true)) {
        refuse("Q28", "tools.input_schema: additionalProperties must be false");
      }
    }
  }
  if (strict > 20 || optional > 24) refuse("Q28", "Schema is too complex");
}

void check_marks(const Json& body) {
  int marks = 0;
  count_marks(body, marks);
  if (marks > 4) {
    refuse("Q27", fmt::format("A maximum of 4 blocks with cache_control may be provided. Found {}.",
                              marks));
  }
}

}  // namespace cartpilot::fakes::anthropic
