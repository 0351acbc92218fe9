// TLS for the client: version 1.2 or later, certificate and host name checked against the system's
// trust store. There is no switch to turn the checks off.
//
// OpenSSL is loaded and set up when the first https connection is made or announced, not before:
// starting the program is free of it. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "net/call_limits.h"
#include "net/tls_backend.h"

namespace cartpilot::net {

class TlsClient {
 public:
  TlsClient() = default;
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  /// Loads TLS on a thread of its own while the caller does something else. Problems are told by
  /// the first secure().
  void prepare();
  /// Waits until what prepare() began is over.
  void await();

  /// Shakes hands over a connected, non-blocking socket and proves that the other side is `host`.
  /// Throws Error{kUnavailable, reason "tls"}: retryable when the connection broke, not when the
  /// certificate was refused or TLS cannot be loaded. Nothing of a request has been sent then.
  /// The stream must end before the socket is closed.
  std::unique_ptr<TlsStream> secure(int descriptor, const std::string& host, CallLimits& limits);

 private:
  TlsContext& context(const TrustPlaces& places);

  std::mutex mutex_;
  std::unique_ptr<TlsContext> context_;
  std::thread preparing_;
};

}  // namespace cartpilot::net
