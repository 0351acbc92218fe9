// Reading answers that may look like anything: a missing or mistyped member is null or empty, never
// an exception. The references live as long as the JSON they are read from.
#pragma once

#include "cartpilot/json.h"

namespace cartpilot::offline {

/// The member `name`, or null.
inline const Json& field(const Json& object, const char* name) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(name);
  return found == object.end() ? nothing : *found;
}

/// The member `name` if it is an array, or an empty array.
inline const Json& list(const Json& object, const char* name) {
  static const Json empty = Json::array();
  const Json& value = field(object, name);
  return value.is_array() ? value : empty;
}

}  // namespace cartpilot::offline
