#include "gemini/adapt.h"

#include <fmt/format.h>

#include <initializer_list>
#include <string_view>

#include "gemini/history.h"
#include "gemini/text.h"

namespace cartpilot::gemini {
namespace {

bool mentions(std::string_view text, std::initializer_list<std::string_view> pieces) {
  for (const std::string_view piece : pieces) {
    if (contains(text, piece)) return true;
  }
  return false;
}

bool sent_config(const Json& sent, const char* key) {
  const auto config = sent.find("generationConfig");
  return config != sent.end() && config->contains(key);
}

bool sent_json_schema(const Json& sent) {
  if (!sent.contains("tools")) return false;
  for (const Json& declaration : sent["tools"][0]["functionDeclarations"]) {
    if (declaration.contains("parametersJsonSchema")) return true;
  }
  return false;
}

/// True when a model content has calls and the first of them has no signature.
bool has_unsigned_step(const Json& contents) {
  for (const Json& content : contents) {
    for (const Json& part : content["parts"]) {
      if (!part.contains("functionCall")) continue;
      if (!part.contains("thoughtSignature")) return true;
      break;
    }
  }
  return false;
}

/// Signatures of another account or project are refused as a whole; the calls they belong to are
/// sent with the documented placeholder instead.
std::optional<std::string> learn_signatures(const Json& sent, Refused& refused) {
  const std::size_t before = refused.signatures.size();
  refused.signatures.merge(signatures_in(sent["contents"]));
  const bool progress = refused.signatures.size() > before ||
                        (!refused.unsigned_calls && has_unsigned_step(sent["contents"]));
  refused.unsigned_calls = true;
  if (!progress) return std::nullopt;
  return "Gemini did not accept the thought signatures of this conversation; they are replaced, "
         "its answers may be a little weaker";
}

}  // namespace

std::optional<std::string> learn_from(const Error& error, std::string_view body, const Json& sent,
                                      const std::string& model, Refused& refused) {
  if (error.http_status != 400) return std::nullopt;
  if (error.reason == "signature") return learn_signatures(sent, refused);
  if (error.reason != "bad_request") return std::nullopt;
  const std::string text = lower_case(body);
  const auto drop = [&](bool& mark, std::string_view what) -> std::optional<std::string> {
    if (mark) return std::nullopt;
    mark = true;
    return fmt::format("{} does not accept {}; left out", model, what);
  };
  if (sent_config(sent, "thinkingConfig") &&
      mentions(text, {"thinking", "includethoughts", "include_thoughts"})) {
    return drop(refused.thinking, "the thinking options");
  }
  if (sent_config(sent, "temperature") && mentions(text, {"temperature"})) {
    return drop(refused.temperature, "temperature");
  }
  if (sent_config(sent, "maxOutputTokens") &&
      mentions(text, {"maxoutputtokens", "max_output_tokens"})) {
    return drop(refused.max_output_tokens, "max-output-tokens");
  }
  if (sent.contains("safetySettings") &&
      mentions(text, {"safetysettings", "safety_settings", "harm_category", "harm_block"})) {
    return drop(refused.safety, "the safety settings");
  }
  if (sent.contains("store") && mentions(text, {"unknown name \"store\"", "\\\"store\\\""})) {
    return drop(refused.store, "store");
  }
  if (sent_json_schema(sent) &&
      mentions(text, {"parametersjsonschema", "parameters_json_schema"})) {
    return drop(refused.json_schema, "JSON Schema declarations; the older form is sent instead");
  }
  if (sent.contains("toolConfig") &&
      mentions(text, {"too many states", "functioncallingconfig", "function_calling_config",
                      "allowedfunctionnames", "allowed_function_names"})) {
    return drop(refused.tool_mode, "this tool-mode");
  }
  return std::nullopt;
}

}  // namespace cartpilot::gemini
