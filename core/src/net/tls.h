// TLS for the client: version 1.2 or later, certificate and host name checked against the system's
// trust store. There is no switch to turn the checks off.
//
// OpenSSL is set up when the first https connection is made. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "net/call_limits.h"
#include "net/tls_backend.h"

namespace cartpilot::net {

class TlsClient {
 public:
  TlsClient() = default;
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  /// Shakes hands over a connected, non-blocking socket and proves that the other side is `host`.
  /// Throws Error{kUnavailable, reason "tls"}: retryable when the connection broke, not when the
  /// certificate was refused or TLS cannot be set up. Nothing of a request has been sent then.
  /// The stream must end before the socket is closed.
  std::unique_ptr<TlsStream> secure(int descriptor, const std::string& host, CallLimits& limits);

 private:
  TlsContext& context(const TrustPlaces& places);

  std::mutex mutex_;
  std::unique_ptr<TlsContext> context_;
};

}  // namespace cartpilot::net
