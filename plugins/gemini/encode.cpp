#include "gemini/encode.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "cartpilot/error.h"
#include "cartpilot/vendor/text.h"
#include "gemini/functions.h"
#include "gemini/history.h"
#include "gemini/models.h"

namespace cartpilot::gemini {
namespace {

void require_declared(const std::string& name, const NameMap& names) {
  if (names.count(name) != 0) return;
  std::vector<std::string> declared;
  for (const auto& [wire, own] : names) declared.push_back(own);
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("no function '{}' is declared; declared are {}",
                          vendor::one_line(name, 80), fmt::join(declared, ", ")));
}

Json calling(const char* mode, const std::vector<std::string>& allowed) {
  Json config{{"mode", mode}};
  if (!allowed.empty()) config["allowedFunctionNames"] = allowed;
  return Json{{"functionCallingConfig", std::move(config)}};
}

/// More declarations fail the whole request; long before that the choice gets worse.
void check_declaration_count(std::size_t count, vendor::Notices& notices) {
  constexpr std::size_t kMaxFunctions = 512;
  constexpr std::size_t kDocumented = 128;
  if (count > kMaxFunctions) {
    throw Error(
        ErrorCode::kInvalidArgument,
        fmt::format("Gemini takes at most {} functions, {} are declared; load fewer plugins",
                    kMaxFunctions, count));
  }
  if (count > kDocumented) {
    notices.add(fmt::format("{} functions are declared; Google documents {} as the most", count,
                            kDocumented));
  }
}

/// True when the newest content asks the model to go on after results.
bool after_results(const Json& contents) {
  return contents.back()["parts"][0].contains("functionResponse");
}

/// toolConfig, or null when the default (AUTO) is meant: an empty one makes models write calls as
/// text.
Json tool_config(const GenerateRequest& request, const Options& options, const Json& contents) {
  const NameMap names = wire_names(request.tools);
  if (request.tool_choice == "none") return calling("NONE", {});
  if (request.tool_choice == "required") return calling("ANY", {});
  if (request.tool_choice != "auto" && !request.tool_choice.empty()) {
    const std::string name = wire_name(request.tool_choice);
    require_declared(name, names);
    return calling("ANY", {name});
  }
  std::vector<std::string> allowed;
  for (const std::string& given : options.allowed_functions) {
    allowed.push_back(wire_name(given));
    require_declared(allowed.back(), names);
  }
  switch (options.tool_mode) {
    case ToolMode::kAuto: return nullptr;
    case ToolMode::kNone: return calling("NONE", {});
    case ToolMode::kValidated: return calling("VALIDATED", allowed);
    case ToolMode::kAny:
      // A model that must call on every round never answers: results free it. The list of allowed
      // functions still holds.
      if (!after_results(contents)) return calling("ANY", allowed);
      return allowed.empty() ? Json() : calling("VALIDATED", allowed);
  }
  return nullptr;
}

Json thinking_config(const std::string& model, const Options& options, vendor::Notices& notices) {
  Json config = Json::object();
  const std::string problem =
      thinking_problem(model, options.thinking_level, options.thinking_budget);
  if (!problem.empty()) {
    notices.add(fmt::format("{} {}; the thinking option is left out", model, problem));
  } else if (options.thinking_level) {
    config["thinkingLevel"] = *options.thinking_level;
  } else if (options.thinking_budget) {
    config["thinkingBudget"] = *options.thinking_budget;
  }
  if (options.include_thoughts) config["includeThoughts"] = true;
  return config;
}

Json generation_config(const GenerateRequest& request, const std::string& model,
                       const Options& options, vendor::Notices& notices) {
  Json config = Json::object();
  const auto limit =
      request.max_output_tokens ? request.max_output_tokens : options.max_output_tokens;
  if (limit) config["maxOutputTokens"] = *limit;
  const auto temperature = request.temperature ? request.temperature : options.temperature;
  if (temperature) config["temperature"] = *temperature;
  Json thinking = thinking_config(model, options, notices);
  if (!thinking.empty()) config["thinkingConfig"] = std::move(thinking);
  return config;
}

}  // namespace

Json encode_body(const GenerateRequest& request, const std::string& model, const Endpoint& endpoint,
                 const Options& options, const Refused& refused, vendor::Notices& notices) {
  HistoryContext history;
  history.backend = endpoint.backend;
  history.model = model;
  history.send_ids = !endpoint.vertex;
  history.sign_all = refused.unsigned_calls;
  history.refused_signatures = &refused.signatures;

  Json body = Json::object();
  if (!request.system.empty()) {
    body["systemInstruction"] = Json{{"parts", Json::array({Json{{"text", request.system}}})}};
  }
  const SchemaForm form = refused.older_schema ? SchemaForm::kParameters : options.schema;
  std::vector<std::string> losses;
  Json declarations = encode_declarations(request.tools, form, losses);
  for (std::string& loss : losses) notices.add(std::move(loss));
  check_declaration_count(declarations.size(), notices);
  const bool declares = !declarations.empty();
  if (declares) {
    body["tools"] = Json::array({Json{{"functionDeclarations", std::move(declarations)}}});
  }
  body["contents"] = encode_contents(request.messages, history, notices);
  if (declares) {
    Json config = tool_config(request, options, body["contents"]);
    if (!config.is_null()) body["toolConfig"] = std::move(config);
  }
  Json config = generation_config(request, model, options, notices);
  if (!config.empty()) body["generationConfig"] = std::move(config);
  if (!options.safety_settings.empty()) body["safetySettings"] = options.safety_settings;
  // Shopping talk is nobody's training or log data unless the person says so. Other hosts do not
  // know the field.
  if (options.store || endpoint.developer_api) body["store"] = options.store.value_or(false);
  return body;
}

}  // namespace cartpilot::gemini
