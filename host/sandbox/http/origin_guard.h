// refuse_foreign: keeps web pages of other sites away from the sandbox.
//
// Any page in a browser on this machine can send requests to 127.0.0.1, and a name that its owner
// points at 127.0.0.1 makes such a page look like the sandbox's own (DNS rebinding). Pure.
#pragma once

#include <optional>

#include "sandbox/http/message.h"

namespace cartpilot::sandbox {

/// False for GET, HEAD and OPTIONS.
bool changes_state(const Request& request);

/// True for the content types that a page may send to any site without asking (Fetch standard,
/// "CORS-safelisted request-header"): a form's two and text/plain.
bool is_form(const Request& request);

/// 403 when Host names anything but this machine, or when a request that changes something was
/// made by a page of another site (Origin, Sec-Fetch-Site); nullopt for any other request.
std::optional<Response> refuse_foreign(const Request& request);

}  // namespace cartpilot::sandbox
