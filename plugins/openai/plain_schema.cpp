#include "openai/plain_schema.h"

#include <algorithm>

#include "cartpilot/vendor/object_schema.h"

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

}  // namespace

Json plain_schema(const Json& parameters) {
  Json schema = parameters.is_object() ? parameters : Json::object();
  if (string_or(schema, "type").empty()) schema["type"] = "object";
  // Several servers read `properties` without looking whether it is there.
  if (!schema.contains("properties") || !schema["properties"].is_object()) {
    schema["properties"] = Json::object();
  }
  vendor::flatten_root(schema);
  give_items(schema);
  return schema;
}

}  // namespace cartpilot::openai
