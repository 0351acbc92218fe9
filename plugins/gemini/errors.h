// Errors that only Gemini writes: details of quotas, places, signatures, the order of turns. All
// else is the vendor kit's.
//
// Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cartpilot/vendor/errors.h"

namespace cartpilot::gemini {

/// The vendor::ErrorOverride of this plugin.
std::optional<Error> gemini_error(int status, int told, const vendor::ErrorBody& body,
                                  const vendor::Service& service);

/// Throws Error{kProtocol} for a 200 answer that cannot be used.
[[noreturn]] void fail_protocol(const std::string& message, const std::string& reason,
                                bool retryable);

}  // namespace cartpilot::gemini
