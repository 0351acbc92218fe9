// Proxies as the environment names them.
//
// Only https ever leaves the machine, so only https_proxy / HTTPS_PROXY (else all_proxy /
// ALL_PROXY) count; no_proxy / NO_PROXY lists what is reached directly. A proxy sees the host's
// name and encrypted bytes: the way through it is CONNECT. Values, read once.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "net/url_policy.h"

namespace cartpilot::net {

struct Proxy {
  std::string host;
  std::string address;  ///< host:port, for messages
  std::string url;      ///< with user name and password, for libcurl
};

class ProxySettings {
 public:
  /// Reaches everything directly.
  ProxySettings() = default;
  /// `variable` looks up an environment variable; "" when unset.
  explicit ProxySettings(const std::function<std::string(const char*)>& variable);

  /// The proxy on the way to `target`, nullopt for none. Throws Error{kInvalidArgument, reason
  /// "connect"} when the variable cannot be read as http://HOST:PORT.
  std::optional<Proxy> proxy_for(const Target& target) const;

 private:
  std::string variable_name_;
  std::string url_;
  std::vector<std::string> direct_;  ///< lower-case names without leading dot, or "*"
};

/// The variables that name proxies and what is reached without them.
inline constexpr const char* kProxyVariables[] = {"https_proxy", "HTTPS_PROXY", "all_proxy",
                                                  "ALL_PROXY",   "no_proxy",    "NO_PROXY"};

/// Those that were kept, else what the environment says at this moment.
ProxySettings proxies_of_environment();

/// What proxies_of_environment() returns from now on. A proxy's password stands in its variable: a
/// program that removes it from the environment keeps the proxies first. Before there are threads.
void keep_proxies(ProxySettings proxies);

}  // namespace cartpilot::net
