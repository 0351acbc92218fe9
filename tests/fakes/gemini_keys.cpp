#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "fakes/gemini_rules.h"

// Which keys a request may hold, at every level. The service takes snake_case as well; this project
// writes camelCase only, so the fake refuses the rest.

namespace cartpilot::fakes::gemini_rules {
namespace {

bool is_base64(const std::string& text) {
  const std::size_t end = std::min(text.find('='), text.size());
  if (text.size() - end > 2 || text.find_first_not_of('=', end) != std::string::npos) return false;
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end),
                     [](unsigned char c) {
                       return std::isalnum(c) || c == '+' || c == '/' || c == '-' || c == '_';
                     });
}

void check_base64(const Json& object, const char* key, const std::string& path) {
  if (!object.contains(key)) return;
  if (!object[key].is_string() || !is_base64(object[key].get<std::string>())) {
    refuse_argument("Q41", "Invalid value at '" + path + "' (TYPE_BYTES), Base64 decoding failed");
  }
}

void check_inline_data(const Json& object, const std::string& path) {
  if (!object.contains("inlineData")) return;
  only(object["inlineData"], {"mimeType", "data"}, path + ".inline_data");
  check_base64(object["inlineData"], "data", path + ".inline_data.data");
}

void check_function_response(const Json& response, const std::string& path) {
  only(response, {"id", "name", "response", "parts"}, path);
  std::size_t index = 0;
  for (const Json& part : list_at(response, "parts", path + ".")) {
    const std::string part_path = fmt::format("{}.parts[{}]", path, index++);
    only(part, {"inlineData"}, part_path);
    check_inline_data(part, part_path);
  }
}

void check_part_keys(const Json& part, const Keys& issued_kinds, const std::string& path) {
  Keys known = {"text",         "inlineData",       "fileData",       "functionCall",
                "toolCall",     "functionResponse", "executableCode", "codeExecutionResult",
                "toolResponse", "thought",          "videoMetadata",  "thoughtSignature",
                "partMetadata", "mediaResolution"};
  known.insert(issued_kinds.begin(), issued_kinds.end());
  only(part, known, path);
  if (part.contains("functionCall")) {
    only(part["functionCall"], {"id", "name", "args"}, path + ".function_call");
    const Json args = part["functionCall"].value("args", Json());
    if (!args.is_null() && !args.is_object()) {
      refuse_argument("Q27",
                      "Invalid value at '" + path +
                          ".function_call.args' (type.googleapis.com/google.protobuf.Struct)");
    }
  }
  if (part.contains("functionResponse")) {
    check_function_response(part["functionResponse"], path + ".function_response");
  }
  if (part.contains("fileData")) {
    only(part["fileData"], {"fileUri", "mimeType"}, path + ".file_data");
  }
  check_inline_data(part, path);
  check_base64(part, "thoughtSignature", path + ".thought_signature");
}

void check_tool_keys(const Json& body) {
  std::size_t index = 0;
  for (const Json& tool : list_at(body, "tools", "")) {
    const std::string path = fmt::format("tools[{}]", index++);
    only(tool, {"functionDeclarations", "googleSearch", "codeExecution", "urlContext"}, path);
    std::size_t declaration_index = 0;
    for (const Json& declaration : list_at(tool, "functionDeclarations", path + ".")) {
      only(declaration,
           {"name", "description", "parameters", "parametersJsonSchema", "response",
            "responseJsonSchema"},
           fmt::format("{}.function_declarations[{}]", path, declaration_index++));
    }
  }
  if (!body.contains("toolConfig")) return;
  only(body["toolConfig"], {"functionCallingConfig", "includeServerSideToolInvocations"},
       "tool_config");
  if (body["toolConfig"].contains("functionCallingConfig")) {
    only(body["toolConfig"]["functionCallingConfig"], {"mode", "allowedFunctionNames"},
         "tool_config.function_calling_config");
  }
}

void check_config_keys(const Json& body) {
  std::size_t index = 0;
  for (const Json& setting : list_at(body, "safetySettings", "")) {
    only(setting, {"category", "threshold"}, fmt::format("safety_settings[{}]", index++));
  }
  if (!body.contains("generationConfig")) return;
  const Json& config = body["generationConfig"];
  only(config,
       {"maxOutputTokens", "temperature", "topP", "topK", "candidateCount", "stopSequences", "seed",
        "presencePenalty", "frequencyPenalty", "responseMimeType", "responseSchema",
        "responseJsonSchema", "responseModalities", "thinkingConfig"},
       "generation_config");
  if (config.contains("thinkingConfig")) {
    only(config["thinkingConfig"], {"includeThoughts", "thinkingLevel", "thinkingBudget"},
         "generation_config.thinking_config");
  }
}

/// Words of other vendors' formats have a number of their own.
std::string rule_of_unknown(const std::string& key, const std::string& path) {
  static const Keys foreign = {"messages",     "tool_calls", "tool_choice", "max_tokens",
                               "tool_call_id", "functions",  "tool_use_id", "input_schema"};
  if (foreign.count(key) != 0) return "Q44";
  return key == "stream" && path.empty() ? "Q45" : "Q7";
}

[[noreturn]] void refuse_unknown(const std::string& key, const std::string& path) {
  const std::string place = path.empty() ? "" : " at '" + path + "'";
  GeminiRefusal refusal{rule_of_unknown(key, path), 400, "INVALID_ARGUMENT",
                        fmt::format("Invalid JSON payload received. Unknown name \"{}\"{}: Cannot "
                                    "find field.",
                                    key, place)};
  refusal.details.push_back(
      {{"@type", "type.googleapis.com/google.rpc.BadRequest"},
       {"fieldViolations", Json::array({{{"field", path}, {"description", refusal.message}}})}});
  throw refusal;
}

}  // namespace

void only(const Json& object, const Keys& known, const std::string& path) {
  if (!object.is_object()) {
    refuse_argument("Q7", fmt::format("Invalid value at '{}': expected an object", path));
  }
  for (const auto& [key, value] : object.items()) {
    if (known.count(key) == 0) refuse_unknown(key, path);
  }
}

const Json& list_at(const Json& object, const char* key, const std::string& path) {
  static const Json none = Json::array();
  if (!object.contains(key)) return none;
  if (!object[key].is_array()) {
    refuse_argument("Q7", fmt::format("Invalid value at '{}{}': expected a list", path, key));
  }
  return object[key];
}

Json parse_request_body(const std::string& text) {
  std::vector<std::set<std::string>> open;
  std::string duplicate;
  const auto watch = [&](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event == Json::parse_event_t::key) {
      const std::string key = value.get<std::string>();
      if (!open.back().insert(key).second) duplicate = key;
    }
    return true;
  };
  Json body;
  try {
    body = Json::parse(text, watch);
  } catch (const nlohmann::json::exception& e) {
    refuse_argument("Q6", std::string("Invalid JSON payload received. ") + e.what());
  }
  if (!duplicate.empty()) {
    refuse_argument("Q6", "Invalid JSON payload received. Duplicate name \"" + duplicate + "\"");
  }
  if (!body.is_object()) refuse_argument("Q6", "Invalid JSON payload received. Expected an object");
  return body;
}

void check_keys(const Json& body, const Keys& issued_kinds, Violations& violations) {
  if (body.contains("model")) violations.push_back("Q45 the model belongs into the path only");
  only(body,
       {"contents", "systemInstruction", "tools", "toolConfig", "safetySettings",
        "generationConfig", "cachedContent", "serviceTier", "store", "continuationToken", "model"},
       "");
  std::size_t index = 0;
  for (const Json& content : list_at(body, "contents", "")) {
    const std::string path = fmt::format("contents[{}]", index++);
    only(content, {"role", "parts"}, path);
    std::size_t part_index = 0;
    for (const Json& part : list_at(content, "parts", path + ".")) {
      check_part_keys(part, issued_kinds, fmt::format("{}.parts[{}]", path, part_index++));
    }
  }
  if (body.contains("systemInstruction") && body["systemInstruction"].is_object()) {
    only(body["systemInstruction"], {"role", "parts"}, "system_instruction");
  }
  check_base64(body, "continuationToken", "continuation_token");
  check_tool_keys(body);
  check_config_keys(body);
}

}  // namespace cartpilot::fakes::gemini_rules
