#include "net/proxy.h"

#include <curl/curl.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "net/failure.h"
#include "text/ascii.h"

namespace cartpilot::net {
namespace {

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// Percent-encoded once, whether or not it was before.
std::string encoded(const std::string& text) {
  using Owner = std::unique_ptr<char, decltype(&curl_free)>;
  int size = static_cast<int>(text.size());
  const Owner plain(curl_easy_unescape(nullptr, text.c_str(), size, &size), &curl_free);
  const Owner result(plain ? curl_easy_escape(nullptr, plain.get(), size) : nullptr, &curl_free);
  return result ? result.get() : "";
}

/// "user:password@", as libcurl reads it back.
std::string credentials(const std::string& user_info) {
  const std::size_t colon = std::min(user_info.find(':'), user_info.size());
  const std::string password = user_info.substr(std::min(colon + 1, user_info.size()));
  return fmt::format("{}:{}@", encoded(user_info.substr(0, colon)), encoded(password));
}

std::optional<ProxySettings>& kept_proxies() {
  static std::optional<ProxySettings> kept;
  return kept;
}

}  // namespace

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
  const auto url = parse_url(url_.find("://") == std::string::npos ? "http://" + url_ : url_);
  if (!url || url->scheme != "http" || url->host.empty()) {
    fail(ErrorCode::kInvalidArgument, "connect",
         fmt::format("{} cannot be used; write it as http://HOST:PORT", variable_name_));
  }
  const std::string user = url->user_info ? credentials(*url->user_info) : "";
  return Proxy{url->host, url->address(), fmt::format("http://{}{}", user, url->address())};
}

ProxySettings proxies_of_environment() {
  if (kept_proxies()) return *kept_proxies();
  return ProxySettings([](const char* name) {
    const char* const value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  });
}

void keep_proxies(ProxySettings proxies) { kept_proxies() = std::move(proxies); }

}  // namespace cartpilot::net
