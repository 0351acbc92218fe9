#include "fakes/fake_gemini_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <regex>
#include <set>
#include <string_view>

namespace cartpilot::fakes::gemini_rules {
namespace {

using Keys = std::set<std::string>;

bool is_integer_at_least(const Json& value, std::int64_t least) {
  return value.is_number_integer() && value.get<std::int64_t>() >= least;
}

[[noreturn]] void refuse_unknown(const std::string& key, const std::string& path) {
  const std::string place = path.empty() ? "" : " at '" + path + "'";
  GeminiRefusal refusal{"S7", 400, "INVALID_ARGUMENT",
                        fmt::format("Invalid JSON payload received. Unknown name \"{}\"{}: Cannot "
                                    "find field.",
                                    key, place)};
  refusal.details.push_back(
      {{"@type", "type.googleapis.com/google.rpc.BadRequest"},
       {"fieldViolations", Json::array({{{"field", path}, {"description", refusal.message}}})}});
  throw refusal;
}

void only(const Json& object, const Keys& known, const std::string& path) {
  if (!object.is_object()) {
    refuse_argument("S7", fmt::format("Invalid value at '{}': expected an object", path));
  }
  for (const auto& [key, value] : object.items()) {
    if (known.count(key) == 0) refuse_unknown(key, path);
  }
}

const Json& list_at(const Json& object, const char* key, const std::string& path) {
  static const Json none = Json::array();
  if (!object.contains(key)) return none;
  if (!object[key].is_array()) {
    refuse_argument("S7", fmt::format("Invalid value at '{}{}': expected a list", path, key));
  }
  return object[key];
}

bool is_base64(const std::string& text) {
  const std::size_t end = std::min(text.find('='), text.size());
  if (text.size() - end > 2 || text.find_first_not_of('=', end) != std::string::npos) return false;
  return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end),
                     [](unsigned char c) {
                       return std::isalnum(c) || c == '+' || c == '/' || c == '-' || c == '_';
                     });
}

const Keys kPartKinds = {
    "text",           "inlineData",          "fileData", "functionCall", "functionResponse",
    "executableCode", "codeExecutionResult", "toolCall", "toolResponse"};

void check_part_keys(const Json& part, const std::string& path) {
  Keys known = kPartKinds;
  known.insert({"thought", "thoughtSignature", "videoMetadata", "mediaResolution", "partMetadata"});
  only(part, known, path);
  if (part.contains("functionCall")) {
    only(part["functionCall"], {"id", "name", "args"}, path + ".function_call");
    const Json args = part["functionCall"].value("args", Json());
    if (!args.is_null() && !args.is_object()) {
      refuse_argument("S27",
                      "Invalid value at '" + path +
                          ".function_call.args' (type.googleapis.com/google.protobuf.Struct)");
    }
  }
  if (part.contains("functionResponse")) {
    only(part["functionResponse"], {"id", "name", "response", "parts"},
         path + ".function_response");
  }
  if (part.contains("inlineData")) {
    only(part["inlineData"], {"mimeType", "data"}, path + ".inline_data");
  }
  if (part.contains("thoughtSignature")) {
    const Json& signature = part["thoughtSignature"];
    if (!signature.is_string() || !is_base64(signature.get<std::string>())) {
      refuse_argument("S41", "Invalid value at '" + path +
                                 ".thought_signature' (TYPE_BYTES), Base64 decoding failed");
    }
  }
}

void check_schema(const Json& schema, const std::string& path, bool root) {
  static const Keys known = {
      "type",          "format",        "title",    "description", "nullable",  "enum",
      "items",         "minItems",      "maxItems", "properties",  "required",  "propertyOrdering",
      "minProperties", "maxProperties", "minimum",  "maximum",     "minLength", "maxLength",
      "pattern",       "example",       "anyOf",    "default"};
  try {
    only(schema, known, path);
  } catch (GeminiRefusal& refusal) {
    refusal.rule = "S32";
    throw;
  }
  static const Keys types = {"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"};
  if (schema.contains("type") && !schema["type"].is_string()) {
    refuse_argument("S32", "Invalid JSON payload received. Unknown name \"type\" at '" + path +
                               "': Proto field is not repeating, cannot start list.");
  }
  std::string type = string_or(schema, "type");
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (!type.empty() && types.count(type) == 0) {
    refuse_argument("S32", "Invalid value at '" + path + ".type': \"" + type + "\"");
  }
  if (schema.contains("enum")) {
    for (const Json& value : list_at(schema, "enum", path)) {
      if (!value.is_string()) {
        refuse_argument("S32",
                        "Invalid value at '" + path + ".enum[0]' (TYPE_STRING), " + value.dump());
      }
    }
    if (type != "STRING") refuse_argument("S32", path + ".enum: only allowed for STRING type");
  }
  if (type == "ARRAY" && !schema.contains("items")) {
    refuse_argument("S32", "* GenerateContentRequest." + path + ".items: missing field.");
  }
  const Json properties = schema.value("properties", Json::object());
  if (root && type == "OBJECT" && properties.empty() && schema.contains("properties")) {
    refuse_argument("S32", "* GenerateContentRequest." + path +
                               ".properties: should be non-empty for OBJECT type");
  }
  for (const Json& name : list_at(schema, "required", path)) {
    if (!properties.contains(name.get<std::string>())) {
      refuse_argument("S32",
                      "* GenerateContentRequest." + path + ".required[0]: property is not defined");
    }
  }
  for (const auto& [name, property] : properties.items()) {
    check_schema(property, path + ".properties." + name, false);
  }
  if (schema.contains("items")) check_schema(schema["items"], path + ".items", false);
  for (const Json& branch : list_at(schema, "anyOf", path)) {
    check_schema(branch, path + ".any_of", false);
  }
}

}  // namespace

Json GeminiRefusal::body() const {
  Json error{{"code", code}, {"message", message}, {"status", status}};
  if (!details.empty()) error["details"] = details;
  return Json{{"error", std::move(error)}};
}

void refuse_argument(const std::string& rule, const std::string& message) {
  throw GeminiRefusal{rule, 400, "INVALID_ARGUMENT", message};
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
    refuse_argument("S6", std::string("Invalid JSON payload received. ") + e.what());
  }
  if (!duplicate.empty()) {
    refuse_argument("S6", "Invalid JSON payload received. Duplicate name \"" + duplicate + "\"");
  }
  if (!body.is_object()) refuse_argument("S6", "Invalid JSON payload received. Expected an object");
  return body;
}

void check_keys(const Json& body) {
  only(body,
       {"contents", "systemInstruction", "tools", "toolConfig", "safetySettings",
        "generationConfig", "cachedContent", "serviceTier", "store", "continuationToken"},
       "");
  std::size_t index = 0;
  for (const Json& content : list_at(body, "contents", "")) {
    const std::string path = fmt::format("contents[{}]", index++);
    only(content, {"role", "parts"}, path);
    std::size_t part_index = 0;
    for (const Json& part : list_at(content, "parts", path + ".")) {
      check_part_keys(part, fmt::format("{}.parts[{}]", path, part_index++));
    }
  }
  index = 0;
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
  if (body.contains("toolConfig")) {
    only(body["toolConfig"], {"functionCallingConfig", "includeServerSideToolInvocations"},
         "tool_config");
    if (body["toolConfig"].contains("functionCallingConfig")) {
      only(body["toolConfig"]["functionCallingConfig"], {"mode", "allowedFunctionNames"},
           "tool_config.function_calling_config");
    }
  }
  if (body.contains("generationConfig")) {
    const Json& config = body["generationConfig"];
    only(config,
         {"maxOutputTokens", "temperature", "topP", "topK", "candidateCount", "stopSequences",
          "seed", "presencePenalty", "frequencyPenalty", "responseMimeType", "responseSchema",
          "responseJsonSchema", "responseModalities", "thinkingConfig"},
         "generation_config");
    if (config.contains("thinkingConfig")) {
      only(config["thinkingConfig"], {"includeThoughts", "thinkingLevel", "thinkingBudget"},
           "generation_config.thinking_config");
    }
  }
}

std::vector<std::string> declared_functions(const Json& body) {
  std::vector<std::string> names;
  for (const Json& tool : list_at(body, "tools", "")) {
    for (const Json& declaration : list_at(tool, "functionDeclarations", "tools.")) {
      names.push_back(string_or(declaration, "name"));
    }
  }
  return names;
}

void check_declarations(const Json& body) {
  std::set<std::string> seen;
  std::size_t index = 0;
  for (const Json& tool : list_at(body, "tools", "")) {
    for (const Json& declaration : list_at(tool, "functionDeclarations", "tools.")) {
      const std::string path = fmt::format("tools[0].function_declarations[{}]", index++);
      const std::string name = string_or(declaration, "name");
      static const std::regex pattern("[A-Za-z_][A-Za-z0-9_-]{0,63}");
      if (!std::regex_match(name, pattern)) {
        refuse_argument("S28", "* GenerateContentRequest." + path +
                                   ".name: [FIELD_INVALID] Invalid function name. Must start with "
                                   "a letter or an underscore.");
      }
      if (!seen.insert(name).second) {
        refuse_argument("S29", "Duplicate function declaration found: " + name);
      }
      if (!declaration.contains("description") || !declaration["description"].is_string()) {
        refuse_argument("S30", "Invalid value at '" + path + ".description' (TYPE_STRING)");
      }
      if (declaration.contains("parameters") && declaration.contains("parametersJsonSchema")) {
        refuse_argument("S31", path + ": parameters and parameters_json_schema exclude each other");
      }
      if (declaration.contains("parameters")) {
        check_schema(declaration["parameters"], path + ".parameters", true);
      }
      if (declaration.contains("parametersJsonSchema")) {
        const Json& schema = declaration["parametersJsonSchema"];
        if (!schema.is_object() || string_or(schema, "type") != "object") {
          refuse_argument("S33", path + ".parameters_json_schema: must be an object schema");
        }
      }
    }
  }
  if (index > 512) {
    refuse_argument("S34", "At most 512 function declarations can be specified.");
  }
}

void check_settings(const Json& body, const std::string& model) {
  const std::vector<std::string> functions = declared_functions(body);
  if (body.contains("toolConfig")) {
    const Json config = body["toolConfig"].value("functionCallingConfig", Json::object());
    if (config.empty()) refuse_argument("S36", "tool_config is empty");
    if (functions.empty()) {
      refuse_argument("S36", "Function calling config is set without function_declarations.");
    }
    const std::string mode = string_or(config, "mode");
    if (mode != "AUTO" && mode != "ANY" && mode != "NONE" && mode != "VALIDATED") {
      refuse_argument("S35", "Invalid value at 'tool_config.function_calling_config.mode'");
    }
    if (config.contains("allowedFunctionNames")) {
      if (mode != "ANY" && mode != "VALIDATED") {
        refuse_argument("S35", "allowed_function_names needs function calling mode ANY");
      }
      for (const Json& name : config["allowedFunctionNames"]) {
        if (std::find(functions.begin(), functions.end(), name) == functions.end()) {
          refuse_argument("S35", "allowed_function_names holds an undeclared function");
        }
      }
    }
  }
  const Json config = body.value("generationConfig", Json::object());
  const Json thinking = config.value("thinkingConfig", Json::object());
  if (thinking.contains("thinkingLevel") && thinking.contains("thinkingBudget")) {
    refuse_argument("S38", "You can only set only one of thinking budget and thinking level.");
  }
  const bool second_generation = model.rfind("gemini-2", 0) == 0;
  if (thinking.contains("thinkingLevel")) {
    const std::string level = string_or(thinking, "thinkingLevel");
    static const std::set<std::string> levels = {"LOW", "MEDIUM", "HIGH"};
    if (second_generation || levels.count(level) == 0) {
      refuse_argument("S38", second_generation
                                 ? "Thinking level is not supported for this model."
                                 : "Thinking level " + level + " is not supported for this model.");
    }
  }
  if (thinking.contains("thinkingBudget") && !is_integer_at_least(thinking["thinkingBudget"], -1)) {
    refuse_argument("S38", "The thinking budget is invalid.");
  }
  if (config.contains("maxOutputTokens") && !is_integer_at_least(config["maxOutputTokens"], 1)) {
    refuse_argument("S39", "max_output_tokens must be positive");
  }
  if (config.contains("temperature")) {
    const Json& temperature = config["temperature"];
    if (!temperature.is_number() || temperature < 0 || temperature > 2) {
      refuse_argument("S39", "temperature must be in the range [0, 2]");
    }
  }
  if (body.contains("systemInstruction")) {
    const Json& system = body["systemInstruction"];
    if (!system.is_object() || !system.contains("parts") || !system["parts"].is_array()) {
      refuse_argument("S40", "Invalid value at 'system_instruction'");
    }
    for (const Json& part : system["parts"]) {
      if (!part.is_object() || !part.contains("text") || part.size() != 1) {
        refuse_argument("S40", "system_instruction takes text only");
      }
    }
  }
  std::set<std::string> categories;
  for (const Json& setting : list_at(body, "safetySettings", "")) {
    static const std::regex category(
        "HARM_CATEGORY_(HARASSMENT|HATE_SPEECH|SEXUALLY_EXPLICIT|"
        "DANGEROUS_CONTENT|CIVIC_INTEGRITY|JAILBREAK)");
    static const std::regex threshold("BLOCK_(LOW_AND_ABOVE|MEDIUM_AND_ABOVE|ONLY_HIGH|NONE)|OFF");
    if (!std::regex_match(string_or(setting, "category"), category) ||
        !std::regex_match(string_or(setting, "threshold"), threshold) ||
        !categories.insert(string_or(setting, "category")).second) {
      refuse_argument("S48", "Invalid value at 'safety_settings'");
    }
  }
}

}  // namespace cartpilot::fakes::gemini_rules
