#include <algorithm>
#include <functional>

#include "fakes/openai_rules.h"

namespace cartpilot::fakes::openai {
namespace {

bool plain_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-';
  });
}

bool has_type(const Json& schema, const char* type) {
  if (!schema.contains("type")) return false;
  const Json& own = schema["type"];
  if (own.is_string()) return own == type;
  return std::find(own.begin(), own.end(), type) != own.end();
}

/// The schemas one level below.
std::vector<const Json*> below(const Json& schema) {
  std::vector<const Json*> result;
  for (const char* key : {"properties", "$defs", "definitions"}) {
    if (!schema.contains(key)) continue;
    for (const auto& [name, child] : schema[key].items()) result.push_back(&child);
  }
  for (const char* key : {"anyOf", "oneOf", "allOf"}) {
    if (!schema.contains(key)) continue;
    for (const Json& child : schema[key]) result.push_back(&child);
  }
  if (schema.contains("items")) result.push_back(&schema["items"]);
  return result;
}

void check_arrays(const Json& schema, const std::string& param) {
  if (!schema.is_object()) return;
  if (has_type(schema, "array") && !schema.contains("items")) {
    refuse("Q15", "array schema missing items.", param, "invalid_function_parameters");
  }
  for (const Json* child : below(schema)) check_arrays(*child, param);
}

}  // namespace

ModelRules model_rules(const std::string& model) {
  const auto starts = [&model](const char* text) { return model.rfind(text, 0) == 0; };
  ModelRules rules;
  // What runs behind a deployment's name is not to be seen in it.
  rules.reasoning = starts("gpt-5") || starts("gpt-6") || starts("o3") || starts("o4") ||
                    model == "shop-deployment";
  rules.chat_tools_need_none = starts("gpt-5.6") || model == "gpt-6-sol" || model == "gpt-6-luna";
  rules.chat_tools_never = starts("gpt-6") && !rules.chat_tools_need_none;
  rules.no_parallel_field = starts("o3") || starts("o4");
  return rules;
}

void check_function(const Json& function, const std::string& param, DeclaredTools& declared) {
  const std::string name = string_or(function, "name");
  if (!plain_name(name)) refuse("Q14", "Invalid '" + param + ".name'", param + ".name");
  if (!declared.names.insert(name).second) refuse("Q14", "duplicate function name " + name, param);
  const Json parameters = function.value("parameters", Json());
  const std::string place = param + ".parameters";
  if (!parameters.is_object() || string_or(parameters, "type") != "object") {
    refuse("Q15", "schema must be a JSON Schema of 'type: \"object\"'", place,
           "invalid_function_parameters");
  }
  if (!parameters.contains("properties") || !parameters["properties"].is_object()) {
    refuse("Q15", "object schema missing properties.", place, "invalid_function_parameters");
  }
  for (const char* key : {"oneOf", "anyOf", "allOf", "enum", "not"}) {
    if (parameters.contains(key)) {
      refuse("Q15", std::string("schema must not have '") + key + "' at the top level.", place,
             "invalid_function_parameters");
    }
  }
  check_arrays(parameters, place);
  const bool strict = function.contains("strict") && function["strict"] == true;
  if (strict) check_strict(parameters, place);
  declared.schemas.push_back(Json{{"name", name}, {"parameters", parameters}});
  declared.strict.push_back(strict);
}

void check_tool_choice(const Json& body, const DeclaredTools& declared, bool nested) {
  for (const char* key : {"tool_choice", "parallel_tool_calls"}) {
    if (body.contains(key) && declared.names.empty()) {
      refuse("Q17", std::string("'") + key + "' is only allowed when 'tools' are specified.", key);
    }
  }
  if (!body.contains("tool_choice")) return;
  const Json& choice = body["tool_choice"];
  if (choice.is_string()) {
    if (choice != "auto" && choice != "none" && choice != "required") {
      refuse("Q17", "Invalid value for 'tool_choice'.", "tool_choice");
    }
    return;
  }
  if (string_or(choice, "type") != "function") {
    refuse("Q17", "Missing required parameter: 'tool_choice.type'.", "tool_choice");
  }
  const std::string name = string_or(nested ? choice.value("function", Json()) : choice, "name");
  if (declared.names.count(name) == 0) {
    refuse("Q17", "Tool choice '" + name + "' not found in 'tools'.", "tool_choice");
  }
}

void check_members(const Json& object, const std::set<std::string>& known,
                   const std::string& rule) {
  for (const auto& [key, value] : object.items()) {
    if (known.count(key) == 0) {
      refuse(rule, "Unknown parameter: '" + key + "'.", key, "unknown_parameter");
    }
    if (value.is_null()) refuse("Q7", "Invalid type for '" + key + "': null.", key);
  }
}

Json with_nulls(const std::string& name, Json arguments, const DeclaredTools& declared) {
  for (std::size_t i = 0; i < declared.schemas.size(); ++i) {
    if (declared.schemas[i]["name"] != name || !declared.strict[i]) continue;
    const std::function<void(Json&, const Json&)> fill = [&fill](Json& value, const Json& schema) {
      if (value.is_object() && schema.contains("properties")) {
        Json filled = Json::object();
        for (const auto& [key, child] : schema["properties"].items()) {
          filled[key] = value.contains(key) ? value[key] : Json();
          fill(filled[key], child);
        }
        value = filled;
      } else if (value.is_array() && schema.contains("items")) {
        for (Json& element : value) fill(element, schema["items"]);
      }
    };
    fill(arguments, declared.schemas[i]["parameters"]);
  }
  return arguments;
}

std::vector<std::string> pieces_of(const std::string& text, std::size_t size) {
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(at + size, text.size());
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    pieces.push_back(text.substr(at, end - at));
    at = end;
  }
  return pieces;
}

}  // namespace cartpilot::fakes::openai
