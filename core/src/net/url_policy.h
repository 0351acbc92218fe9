// Where a request may go: the URL taken apart by libcurl and judged before any byte leaves.
//
// https anywhere, plain http to loopback only, nothing else; no user info, because a key in a URL
// ends up in logs. Values and pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cartpilot::net {

struct Url {
  std::string scheme;                    ///< lower case
  std::optional<std::string> user_info;  ///< as written, without its "@"
  std::string host;                      ///< lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;                ///< the scheme's own when none is written
  std::string resource;                  ///< path and query as written; "/" at least

  std::string address() const;  ///< host:port
};

/// nullopt for what is no "SCHEME://AUTHORITY...", and for a host that libcurl would contact under
/// another spelling (percent-encoded names, addresses such as 10.66051).
std::optional<Url> parse_url(const std::string& text);

/// The URL of a request.
struct Target : Url {
  bool tls = false;
  bool loopback = false;

  std::string authority() const;  ///< Host header: the port only when it is not the scheme's
  std::string url() const;        ///< what was judged, and nothing else
};

/// Throws Error{kInvalidArgument, reason "url"}; the message never repeats more than scheme and
/// host.
Target parse_target(const std::string& url);

/// localhost, 127.0.0.0/8 and ::1, as parse_url() spells them. Names are not resolved.
bool is_loopback_host(const std::string& host);

}  // namespace cartpilot::net
