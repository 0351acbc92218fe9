// Schema conversion: JSON Schema as tools declare it -> the OpenAPI subset of `parameters`.
//
// Pure functions. What the subset cannot say is moved into the description where a model still
// reads it, or reported; nothing is lost silently and nothing the service would refuse is left in.
#pragma once

#include <string>
#include <vector>

#include "cartpilot/json.h"

namespace cartpilot::gemini {

/// True when a function takes no arguments; it is then declared without any schema, because some
/// models refuse an object without properties.
bool takes_no_arguments(const Json& schema);

/// `schema` for `parametersJsonSchema`: unchanged, except that the root says it is an object.
Json json_schema_of(const Json& schema);

/// `schema` for `parameters`. Appends one line to `losses` for everything that could not be kept
/// ("create_checkout.items: uniqueItems left out"); `function` names it there.
Json parameters_of(const Json& schema, const std::string& function,
                   std::vector<std::string>& losses);

}  // namespace cartpilot::gemini
