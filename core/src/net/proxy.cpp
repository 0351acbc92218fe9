#include "net/proxy.h"

#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "base/encoding.h"
#include "net/failure.h"
#include "net/url.h"
#include "text/ascii.h"

namespace cartpilot::net {
namespace {

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

std::string Proxy::address() const { return fmt::format("{}:{}", host, port); }

ProxySettings::ProxySettings(const std::function<std::string(const char*)>& variable) {
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    url_ = text::trimmed(variable(name));
    variable_name_ = name;
    if (!url_.empty()) break;
  }
  std::string direct = variable("no_proxy");
  if (direct.empty()) direct = variable("NO_PROXY");
  for (std::string& name : text::words_of(text::lower_case(direct), ", \t")) {
    if (name.front() == '.') name.erase(0, 1);
    direct_.push_back(std::move(name));
  }
}

std::optional<Proxy> ProxySettings::proxy_for(const Target& target) const {
  if (url_.empty() || target.loopback) return std::nullopt;
  for (const std::string& name : direct_) {
    const bool same = target.host == name || target.address() == name;
    if (name == "*" || same || ends_with(target.host, "." + name)) return std::nullopt;
  }
  const auto refuse = [this] {
    fail(ErrorCode::kInvalidArgument, "connect",
         fmt::format("{} cannot be used; write it as http://HOST:PORT", variable_name_));
  };
  const std::optional<Url> url =
      parse_url(url_.find("://") == std::string::npos ? "http://" + url_ : url_);
  if (!url || url->scheme != "http" || url->host.empty()) refuse();
  Proxy proxy{url->host, url->port, ""};
  if (!url->user_info.empty()) {
    try {
      const std::optional<std::string> user_info = base::percent_decoded(url->user_info);
      if (!user_info) refuse();
      proxy.authorization = "Basic " + base::base64(*user_info);
    } catch (const Error& error) {
      if (error.reason == "part") fail(error.code, "connect", error.what());
      throw;
    }
  }
  return proxy;
}

ProxySettings proxies_of_environment() {
  return ProxySettings([](const char* name) {
    const char* const value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  });
}

}  // namespace cartpilot::net
