// Who may ask: one configured key, sent as a bearer token.
//
// Pure function; thread-safe.
#pragma once

#include <optional>
#include <string>

#include "sandbox/http/message.h"

namespace cartpilot::sandbox {

/// The 401 answer for a request that may not pass, nullopt for one that may. `path` is decoded.
/// Health, readiness, the API's description and the merchants' webhooks need no key.
std::optional<Response> refuse_unauthorized(const Request& request, const std::string& path,
                                            const std::string& api_key);

}  // namespace cartpilot::sandbox
