#include "fakes/gemini_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

// The functions a request declares, and the schema dialect of `parameters`.

namespace cartpilot::fakes::gemini_rules {
namespace {

void check_schema(const Json& schema, const std::string& path, bool root) {
  static const Keys known = {
      "type",          "format",        "title",    "description", "nullable",  "enum",
      "items",         "minItems",      "maxItems", "properties",  "required",  "propertyOrdering",
      "minProperties", "maxProperties", "minimum",  "maximum",     "minLength", "maxLength",
      "pattern",       "example",       "anyOf",    "default"};
  try {
    only(schema, known, path);
  } catch (GeminiRefusal& refusal) {
    refusal.rule = "Q32";
    throw;
  }
  static const Keys types = {"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"};
  if (schema.contains("type") && !schema["type"].is_string()) {
    refuse_argument("Q32", "Invalid JSON payload received. Unknown name \"type\" at '" + path +
                               "': Proto field is not repeating, cannot start list.");
  }
  std::string type = string_or(schema, "type");
  std::transform(type.begin(), type.end(), type.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (!type.empty() && types.count(type) == 0) {
    refuse_argument("Q32", "Invalid value at '" + path + ".type': \"" + type + "\"");
  }
  if (schema.contains("enum")) {
    for (const Json& value : list_at(schema, "enum", path)) {
      if (!value.is_string() || value == "") {
        refuse_argument("Q32",
                        "Invalid value at '" + path + ".enum[0]' (TYPE_STRING), " + value.dump());
      }
    }
    if (type != "STRING") refuse_argument("Q32", path + ".enum: only allowed for STRING type");
  }
  if (type == "ARRAY" && !schema.contains("items")) {
    refuse_argument("Q32", "* GenerateContentRequest." + path + ".items: missing field.");
  }
  const Json properties = schema.value("properties", Json::object());
  if (root && type == "OBJECT" && properties.empty() && schema.contains("properties")) {
    refuse_argument("Q32", "* GenerateContentRequest." + path +
                               ".properties: should be non-empty for OBJECT type");
  }
  for (const Json& name : list_at(schema, "required", path)) {
    if (!properties.contains(name.get<std::string>())) {
      refuse_argument("Q32",
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

std::vector<std::string> declared_functions(const Json& body) {
  std::vector<std::string> names;
  for (const Json& tool : list_at(body, "tools", "")) {
    for (const Json& declaration : list_at(tool, "functionDeclarations", "tools.")) {
      names.push_back(string_or(declaration, "name"));
    }
  }
  return names;
}

namespace {

/// A letter or an underscore, then up to 63 letters, digits, underscores and dashes.
bool is_function_name(const std::string& name) {
  if (name.empty() || name.size() > 64) return false;
  if (std::isdigit(static_cast<unsigned char>(name[0])) != 0 || name[0] == '-') return false;
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
}

}  // namespace

void check_declarations(const Json& body, Violations& violations) {
  std::set<std::string> seen;
  std::size_t index = 0;
  for (const Json& tool : list_at(body, "tools", "")) {
    for (const Json& declaration : list_at(tool, "functionDeclarations", "tools.")) {
      const std::string path = fmt::format("tools[0].function_declarations[{}]", index++);
      const std::string name = string_or(declaration, "name");
      if (!is_function_name(name)) {
        refuse_argument("Q28", "* GenerateContentRequest." + path +
                                   ".name: [FIELD_INVALID] Invalid function name. Must start with "
                                   "a letter or an underscore.");
      }
      if (!seen.insert(name).second) {
        refuse_argument("Q29", "Duplicate function declaration found: " + name);
      }
      if (!declaration.contains("description") || !declaration["description"].is_string()) {
        refuse_argument("Q30", "Invalid value at '" + path + ".description' (TYPE_STRING)");
      }
      if (declaration.contains("parameters") && declaration.contains("parametersJsonSchema")) {
        refuse_argument("Q31", path + ": parameters and parameters_json_schema exclude each other");
      }
      if (declaration.contains("parameters")) {
        check_schema(declaration["parameters"], path + ".parameters", true);
      }
      if (declaration.contains("parametersJsonSchema")) {
        const Json& schema = declaration["parametersJsonSchema"];
        if (!schema.is_object() || string_or(schema, "type") != "object") {
          refuse_argument("Q33", path + ".parameters_json_schema: must be an object schema");
        }
      }
    }
  }
  if (index > 512) {
    refuse_argument("Q34", "At most 512 function declarations can be specified.");
  }
  if (index > 128) violations.push_back("Q34 more than the 128 documented functions are declared");
}

}  // namespace cartpilot::fakes::gemini_rules
