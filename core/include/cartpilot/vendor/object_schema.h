// The root of a parameter schema in the form that every vendor takes.
//
// One schema that a service cannot read fails the whole request, and functions of other authors may
// be declared in any way JSON Schema allows. What is loosened here is still checked by the host
// against the original schema. Pure functions; any thread.
#pragma once

#include <string>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/json.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

/// Takes combinations of schemas off the root, where services refuse them whatever they say; the
/// properties of their branches become optional ones.
inline void flatten_root(Json& schema) {
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

/// Services follow no address: a part of a schema that lies elsewhere accepts anything.
inline void drop_remote_references(Json& schema) {
  if (schema.is_object()) {
    const auto reference = schema.find("$ref");
    if (reference != schema.end() && reference->is_string() &&
        !starts_with(reference->get_ref<const std::string&>(), "#")) {
      schema.erase(reference);
    }
  }
  if (!schema.is_structured()) return;
  for (Json& child : schema) drop_remote_references(child);
}

/// `parameters` with type "object", `properties`, and no combination of schemas at the root.
inline Json object_schema(const Json& parameters) {
  Json schema = parameters.is_object() ? parameters : Json::object();
  if (string_or(schema, "type") != "object") schema["type"] = "object";
  // Several servers read `properties` without looking whether it is there.
  if (!schema.contains("properties") || !schema["properties"].is_object()) {
    schema["properties"] = Json::object();
  }
  flatten_root(schema);
  return schema;
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
