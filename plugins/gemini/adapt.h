// Adapt: what a refusal teaches about a model.
//
// Pure apart from `refused`, which it extends. The provider asks after every refused request and
// tries once more when something was learned.
#pragma once

#include <optional>
#include <string>

#include "cartpilot/error.h"
#include "cartpilot/json.h"
#include "gemini/encode.h"

namespace cartpilot::gemini {

/// Looks in the message of `error` for the part of `sent` the service objected to, marks it in
/// `refused` and returns the notice for the person; nullopt when the refusal has another cause or
/// nothing of the kind was sent.
std::optional<std::string> learn_from(const Error& error, std::string_view body, const Json& sent,
                                      const std::string& model, Refused& refused);

}  // namespace cartpilot::gemini
