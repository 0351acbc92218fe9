// Connector: from a target to an open connection: name, TCP, proxy, TLS.
//
// Names are looked up on a thread of their own, which is left behind when the call ends first
// (getaddrinfo cannot be interrupted). Everything else waits on the caller's thread. Whatever is
// thrown here, nothing of the request has been sent: reasons dns, connect, tls, connect_timeout.
// Thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/call_limits.h"
#include "net/connection.h"
#include "net/proxy.h"
#include "net/tls.h"
#include "net/url_policy.h"

namespace cartpilot::net {

class Connector {
 public:
  std::unique_ptr<Connection> connect(const Target& target, const std::optional<Proxy>& proxy,
                                      CallLimits& limits);

  /// See TlsClient::prepare() and await().

 private:
  TlsClient tls_;
};

}  // namespace cartpilot::net
