// The form of a parameter schema that every server takes, strict or not.
//
// One schema that a server cannot read fails the whole request, and functions of other authors may
// be declared in any way JSON Schema allows. What is loosened here is still checked by the host
// against the original schema. Pure functions.
#pragma once

#include "cartpilot/json.h"

namespace cartpilot::openai {

/// `parameters` with type "object" and `properties` at the root, no combination of schemas there
/// (the properties of its branches become optional ones), and `items` in every array.
Json plain_schema(const Json& parameters);

}  // namespace cartpilot::openai
