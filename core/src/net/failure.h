// The errors of this module: one line each to throw them with their reason.
#pragma once

#include <string>

#include "cartpilot/error.h"

namespace cartpilot::net {

[[noreturn]] inline void fail(ErrorCode code, const char* reason, const std::string& message,
                              bool retryable = false) {
  Error error(code, message);
  error.reason = reason;
  error.retryable = retryable;
  throw error;
}

/// The network or the other side let us down; the same request may succeed later.
[[noreturn]] inline void fail_unavailable(const char* reason, const std::string& message) {
  fail(ErrorCode::kUnavailable, reason, message, true);
}

/// The other side sent what we cannot read.
[[noreturn]] inline void fail_protocol(const char* reason, const std::string& message) {
  fail(ErrorCode::kProtocol, reason, message);
}

}  // namespace cartpilot::net
