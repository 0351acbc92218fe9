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

/// An HTTP answer outside of 2xx. `model` is named in messages where it helps.
Error classify_answer(const HttpHead& head, std::string_view body, const std::string& model);

/// An error object inside a 200 answer.
Error classify_service_error(const vendor::ErrorBody& error, const std::string& model);

/// Throws Error{kProtocol} for a 200 answer that cannot be used.
[[noreturn]] void fail_protocol(const std::string& message, const std::string& reason,
                                bool retryable);

}  // namespace cartpilot::gemini
