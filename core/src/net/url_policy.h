// Where a request may go: the URL taken apart and judged before any byte leaves.
//
// https anywhere, plain http to loopback only, nothing else; no user info, because a key in a URL
// ends up in logs. Values and pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cartpilot::net {

struct Target {
  bool tls = false;
  bool loopback = false;
  std::string host;  ///< lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;
  std::string resource;  ///< path and query exactly as given; "/" at least

  std::string authority() const;  ///< Host header: the port only when it is not the scheme's
  std::string address() const;    ///< host:port, for messages, CONNECT and as the pool's key
};

/// Throws Error{kInvalidArgument, reason "url"}; the message never repeats more than scheme and
/// host.
Target parse_target(const std::string& url);

/// localhost, 127.0.0.0/8 and ::1. Names are not resolved.
bool is_loopback_host(std::string_view host);

}  // namespace cartpilot::net
