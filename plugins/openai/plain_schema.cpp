#include "openai/plain_schema.h"

#include <algorithm>

namespace cartpilot::openai {
namespace {

bool is_array_type(const Json& schema) {
  const auto type = schema.find("type");
  if (type == schema.end()) return false;
  if (type->is_string()) return *type == "array";
  return type->is_array() && std::find(type->begin(), type->end(), "array") != type->end();
}

void give_items(Json& schema) {
  if (!schema.is_object()) return;
  if (is_array_type(schema) && !schema.contains("items")) schema["items"] = Json::object();
  for (const auto& [key, value] : schema.items()) {
    const bool one = key == "items" || key == "additionalProperties" || key == "contains";
    const bool several = key == "properties" || key == "$defs" || key == "definitions" ||
                         key == "patternProperties" || key == "anyOf" || key == "oneOf" ||
                         key == "allOf" || key == "prefixItems";
    if (one) give_items(value);
    if (!several || !value.is_structured()) continue;
    for (Json& child : value) give_items(child);
  }
}

/// Servers refuse these words at the root whatever they say.
void flatten_root(Json& schema) {
  for (const char* key : {"anyOf", "oneOf", "allOf"}) {
    const Json branches = schema.contains(key) ? schema[key] : Json();
    if (!branches.is_array()) continue;
    for (const Json& branch : branches) {
      if (!branch.is_object() || !branch.contains("properties")) continue;
      if (!branch["properties"].is_object()) continue;
      for (const auto& [name, property] : branch["properties"].items()) {
        if (!schema["properties"].contains(name)) schema["properties"][name] = property;
      }
    }
  }
  for (const char* key : {"anyOf", "oneOf", "allOf", "enum", "not"}) schema.erase(key);
}

}  // namespace

Json plain_schema(const Json& parameters) {
  Json schema = parameters.is_object() ? parameters : Json::object();
  if (string_or(schema, "type").empty()) schema["type"] = "object";
  // Several servers read `properties` without looking whether it is there.
  if (!schema.contains("properties") || !schema["properties"].is_object()) {
    schema["properties"] = Json::object();
  }
  flatten_root(schema);
  give_items(schema);
  return schema;
}

}  // namespace cartpilot::openai
