// The headers by which the service lets browsers read its answers.
//
// Pure functions. A preflight needs a key like any other request, so a browser never gets one
// through; that is the service's behaviour.
#pragma once

#include <optional>

#include "sandbox/http/message.h"

namespace cartpilot::sandbox {

/// The answer to an OPTIONS request that asks for permission; nullopt for any other request.
std::optional<Response> answer_preflight(const Request& request);

/// Adds the headers when the request names its origin.
void allow_origin(const Request& request, Response& response);

}  // namespace cartpilot::sandbox
