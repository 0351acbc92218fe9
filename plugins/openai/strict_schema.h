// Strict function schemas: the subset of JSON Schema under which the vendor guarantees that
// arguments fit.
//
// In that subset every object is closed and every member required, so an optional member becomes
// one that may be null. A strict schema is made from a tool's own schema before it is sent, and the
// nulls are taken out again before anybody checks the arguments against the tool's own schema.
// Pure functions.
#pragma once

#include <optional>

#include "cartpilot/json.h"

namespace cartpilot::openai {

/// The strict form of `schema`, or nullopt when it cannot be said in the subset (open maps, untyped
/// members, `not`, tuples, more than ten levels); that tool is then declared as not strict.
std::optional<Json> strict_schema(const Json& schema);

/// Removes members that are null although `schema` neither requires them nor allows them to be.
void remove_optional_nulls(Json& arguments, const Json& schema);

/// Removes every null member; for readers of strict calls who do not have the schemas.
void remove_all_nulls(Json& arguments);

}  // namespace cartpilot::openai
