// Whether a request is the one an answer of a script is for.
//
// Pure functions; any thread.
#pragma once

#include <string>

#include "cartpilot/llm_provider.h"
#include "script/script.h"

namespace cartpilot::script {

/// Why `condition` does not hold, as "user: expected 'tent' in 'a lamp'"; "" when it does.
std::string failed_condition(const Condition& condition, const GenerateRequest& request,
                             const std::string& default_model);

/// The last message of the person, "" when there is none.
std::string last_user_text(const GenerateRequest& request);

}  // namespace cartpilot::script
