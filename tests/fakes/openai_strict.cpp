// Q16: what a schema must look like when its function is declared strict.
#include <algorithm>

#include "fakes/openai_rules.h"

namespace cartpilot::fakes::openai {
namespace {

constexpr int kMaxLevels = 10;
constexpr int kMaxProperties = 5000;
constexpr int kMaxEnumValues = 1000;
constexpr std::size_t kMaxCharacters = 120'000;
constexpr std::size_t kManyValues = 250;
constexpr std::size_t kMaxManyCharacters = 15'000;

const std::set<std::string>& allowed_words() {
  static const std::set<std::string> kAllowed = {"type",
                                                 "description",
                                                 "enum",
                                                 "const",
                                                 "anyOf",
                                                 "properties",
                                                 "required",
                                                 "items",
                                                 "minItems",
                                                 "maxItems",
                                                 "minimum",
                                                 "maximum",
                                                 "$ref",
                                                 "$defs",
                                                 "pattern",
                                                 "format",
                                                 "multipleOf",
                                                 "exclusiveMinimum",
                                                 "exclusiveMaximum",
                                                 "additionalProperties",
                                                 "definitions"};
  return kAllowed;
}

const std::set<std::string>& allowed_formats() {
  static const std::set<std::string> kFormats = {"date-time", "date", "time", "duration", "email",
                                                 "hostname",  "ipv4", "ipv6", "uuid"};
  return kFormats;
}

bool is_object_schema(const Json& schema) {
  if (!schema.is_object() || !schema.contains("type")) return false;
  const Json& type = schema["type"];
  if (type.is_string()) return type == "object";
  return type.is_array() && std::find(type.begin(), type.end(), "object") != type.end();
}

class StrictRules {
 public:
  explicit StrictRules(std::string param) : param_(std::move(param)) {}

  void check(const Json& schema, int level) {
    if (!schema.is_object()) bad("boolean schema");
    if (level > kMaxLevels) bad("levels of nesting exceeds limit of 10");
    for (const auto& [key, value] : schema.items()) {
      if (allowed_words().count(key) == 0) bad("'" + key + "' is not permitted.");
    }
    if (schema.contains("$ref")) {
      if (schema.size() != 1) bad("$ref cannot have siblings");
      if (string_or(schema, "$ref").rfind('#', 0) != 0) bad("$ref leads elsewhere");
      return;
    }
    if (level == 0 && (schema.contains("anyOf") || !is_object_schema(schema))) bad("root");
    if (!schema.contains("type") && !schema.contains("anyOf")) bad("must have a 'type' key.");
    if (schema.contains("format") && allowed_formats().count(string_or(schema, "format")) == 0) {
      bad("'" + dump_json(schema["format"]) + "' is not a supported format.");
    }
    if (is_object_schema(schema)) check_object(schema);
    check_values(schema);
    check_branches(schema, level);
    if (schema.contains("items")) check(schema["items"], level + 1);
    for (const char* key : {"properties", "$defs", "definitions"}) {
      if (!schema.contains(key)) continue;
      for (const auto& [name, child] : schema[key].items()) {
        count_characters(name.size());
        check(child, level + 1);
      }
    }
  }

 private:
  [[noreturn]] void bad(const std::string& text) const {
    refuse("Q16", "Invalid schema for function: " + text, param_, "invalid_function_parameters");
  }

  void count_characters(std::size_t count) {
    characters_ += count;
    if (characters_ > kMaxCharacters) bad("total string length exceeds 120000");
  }

  void check_object(const Json& schema) {
    if (!schema.contains("additionalProperties") || schema["additionalProperties"] != false) {
      bad("'additionalProperties' is required to be supplied and to be false.");
    }
    std::set<std::string> names;
    const Json properties = schema.value("properties", Json::object());
    for (const auto& [name, child] : properties.items()) names.insert(name);
    properties_ += static_cast<int>(names.size());
    if (properties_ > kMaxProperties) bad("too many properties");
    std::set<std::string> required;
    for (const Json& name : schema.value("required", Json::array())) required.insert(name);
    if (!schema.contains("required") || names != required) {
      bad("'required' is required to be supplied and to be an array including every key.");
    }
  }

  void check_values(const Json& schema) {
    Json values = schema.value("enum", Json::array());
    enum_values_ += static_cast<int>(values.size());
    if (enum_values_ > kMaxEnumValues) bad("too many enum values");
    if (schema.contains("const")) values.push_back(schema["const"]);
    std::size_t own = 0;
    for (const Json& value : values) {
      if (value.is_string()) own += value.get<std::string>().size();
    }
    count_characters(own);
    if (values.size() > kManyValues && own > kMaxManyCharacters) bad("enum too long");
  }

  void check_branches(const Json& schema, int level) {
    std::set<std::string> first_keys;
    for (const Json& branch : schema.value("anyOf", Json::array())) {
      check(branch, level + 1);
      if (!branch.contains("properties") || branch["properties"].empty()) continue;
      if (!first_keys.insert(branch["properties"].begin().key()).second) {
        bad("Objects provided via 'anyOf' must not share identical first keys");
      }
    }
  }

  std::string param_;
  std::size_t characters_ = 0;
  int properties_ = 0;
  int enum_values_ = 0;
};

}  // namespace

void check_strict(const Json& schema, const std::string& param) {
  StrictRules(param).check(schema, 0);
}

}  // namespace cartpilot::fakes::openai
