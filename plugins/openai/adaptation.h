// Learning from a refusal: which change makes the same request acceptable.
//
// Servers name the member they do not like, in `param` or in the text. What can be left out without
// changing the meaning is left out; a text that sends us to the other API is followed. Pure
// functions over the plan that was refused.
#pragma once

#include <optional>
#include <string>

#include "openai/errors.h"
#include "openai/request_plan.h"

namespace cartpilot::openai {

/// Changes `learned` so that the next plan differs, and returns the notice for the person; nullopt
/// when nothing can be learned from this refusal. `sent` is the body that was refused.
std::optional<std::string> learn(const ErrorBody& body, int status, const Json& sent, Api api,
                                 Learned& learned);

}  // namespace cartpilot::openai
