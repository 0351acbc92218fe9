// What a client says it can do.
//
// A client may claim what it likes. Pure functions; any thread.
#pragma once

#include "cartpilot/json.h"

namespace cartpilot::mcp {

/// Opens pages for the person.
bool shows_pages(const Json& capabilities);

/// Takes forms to fill in. Elicitation without a mode means forms.
bool takes_forms(const Json& capabilities);

/// The part of `required` that `declared` does not have; an empty object when it has all.
Json missing_capabilities(const Json& required, const Json& declared);

}  // namespace cartpilot::mcp
