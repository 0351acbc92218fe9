// The one exception type of the project.
//
// Nothing but `cartpilot::Error` leaves a module, and nothing at all crosses the plugin boundary:
// there it becomes a status code and a JSON text, and an `Error` again on the other side. An Error
// is a plain value, owns its strings and may be copied between threads. A failed *tool* is not an
// Error; it is an answer to the model (see tool.h).
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "cartpilot/detail/visibility.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

/// Kind of failure. The numbers are the status codes of abi.h and never change.
enum class ErrorCode : std::int32_t {
  kOk = 0,
  kCancelled = 1,        ///< the person or the program asked to stop
  kInvalidArgument = 2,  ///< the request itself is wrong; repeating it cannot help
  kUnauthenticated = 3,  ///< key missing (http_status 0) or refused (http_status 400/401)
  kPermission = 4,       ///< key is good, the action is not allowed for it
  kNotFound = 5,         ///< unknown model, tool, path or object
  kRateLimited = 6,      ///< too many requests or quota used up; see `retryable`
  kUnavailable = 7,      ///< network, overload, a stream that was cut
  kDeadline = 8,         ///< no answer in time
  kProtocol = 9,         ///< the other side sent something we cannot read
  kUnsupported = 10,     ///< not offered by this provider or plugin
  kInternal = 11,        ///< a bug on this side
};

/// Stable lower-case name used in JSON (`"rate_limited"`). Unknown numbers give "internal".
inline std::string_view error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kOk: return "ok";
    case ErrorCode::kCancelled: return "cancelled";
    case ErrorCode::kInvalidArgument: return "invalid_argument";
    case ErrorCode::kUnauthenticated: return "unauthenticated";
    case ErrorCode::kPermission: return "permission";
    case ErrorCode::kNotFound: return "not_found";
    case ErrorCode::kRateLimited: return "rate_limited";
    case ErrorCode::kUnavailable: return "unavailable";
    case ErrorCode::kDeadline: return "deadline";
    case ErrorCode::kProtocol: return "protocol";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kInternal: return "internal";
  }
  return "internal";
}

/// What went wrong and what the user can do about it. `what()` is one line of plain text without
/// secrets.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode error_code, const std::string& message)
      : std::runtime_error(message), code(error_code) {}

  ErrorCode code;
  bool retryable = false;                      ///< the same request may succeed later
  std::optional<std::int64_t> retry_after_ms;  ///< wait the other side asked for, in milliseconds
  int http_status = 0;                         ///< 0 when no HTTP answer was received
  std::string request_id;  ///< the other side's id of the request, "" when unknown
  std::string reason;      ///< machine-readable detail ("quota", "context_overflow", "stream_cut")

  /// Copy with another message; everything else is kept.
  Error with_message(const std::string& message) const {
    Error copy(code, message);
    copy.retryable = retryable;
    copy.retry_after_ms = retry_after_ms;
    copy.http_status = http_status;
    copy.request_id = request_id;
    copy.reason = reason;
    return copy;
  }
};

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
