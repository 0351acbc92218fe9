// Errors of the service, in whatever shape they come, as one cartpilot::Error.
//
// Pure functions. Classification rests on status, reason and details first and on short pieces of
// message text last, because Google changes its sentences without notice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cartpilot/error.h"
#include "cartpilot/http.h"
#include "cartpilot/json.h"

namespace cartpilot::gemini {

/// A google.rpc.Status as it was found.
struct ServiceError {
  int code = 0;         ///< HTTP code; derived from `status` when it was left out
  std::string status;   ///< "RESOURCE_EXHAUSTED"
  std::string message;  ///< innermost text
  std::string reason;   ///< ErrorInfo.reason
  std::optional<std::int64_t> retry_delay_ms;  ///< RetryInfo, else "retry in 34s" of the message
  bool daily_quota = false;
  bool no_quota = false;  ///< "limit: 0": the model is not in the plan
};

/// The error in `body`: {"error":{...}}, the same in an array, {"error":"text"}, or a bare Status.
/// nullopt when the value is something else.
std::optional<ServiceError> find_service_error(const Json& body);

/// Milliseconds of a protobuf duration ("34s", "34.07s", "0.9s") or "900ms"; nullopt otherwise.
std::optional<std::int64_t> parse_duration_ms(std::string_view text);

/// An HTTP answer outside of 2xx. `model` is named in messages where it helps.
Error classify_answer(const HttpHead& head, std::string_view body, const std::string& model);

/// An error object inside a 200 answer.
Error classify_service_error(const ServiceError& error, const std::string& model);

/// Throws Error{kProtocol} for a 200 answer that cannot be used.
[[noreturn]] void fail_protocol(const std::string& message, const std::string& reason,
                                bool retryable);

}  // namespace cartpilot::gemini
