#include "net/proxy.h"

#include <Poco/Base64Encoder.h>
#include <Poco/Exception.h>
#include <Poco/String.h>
#include <Poco/StringTokenizer.h>
#include <Poco/URI.h>

#include <cstdlib>
#include <sstream>

#include <fmt/format.h>

#include "net/failure.h"

namespace cartpilot::net {
namespace {

std::string base64(const std::string& text) {
  std::ostringstream out;
  Poco::Base64Encoder encoder(out);
  encoder.rdbuf()->setLineLength(0);
  encoder << text;
  encoder.close();
  return out.str();
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

std::string Proxy::address() const { return fmt::format("{}:{}", host, port); }

ProxySettings::ProxySettings(const std::function<std::string(const char*)>& variable) {
  for (const char* name : {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    url_ = Poco::trim(variable(name));
    variable_name_ = name;
    if (!url_.empty()) break;
  }
  std::string direct = variable("no_proxy");
  if (direct.empty()) direct = variable("NO_PROXY");
  using Poco::StringTokenizer;
  for (std::string name : StringTokenizer(
           direct, ", ", StringTokenizer::TOK_IGNORE_EMPTY | StringTokenizer::TOK_TRIM)) {
    if (name.front() == '.') name.erase(0, 1);
    direct_.push_back(Poco::toLower(name));
  }
}

std::optional<Proxy> ProxySettings::proxy_for(const Target& target) const {
  if (url_.empty() || target.loopback) return std::nullopt;
  for (const std::string& name : direct_) {
    const bool same = target.host == name || target.address() == name;
    if (name == "*" || same || ends_with(target.host, "." + name)) return std::nullopt;
  }
  Proxy proxy;
  try {
    const Poco::URI uri(url_.find("://") == std::string::npos ? "http://" + url_ : url_);
    if (uri.getScheme() == "http") {
      proxy.host = uri.getHost();
      proxy.port = uri.getPort();
      if (!uri.getUserInfo().empty()) {
        std::string user_info;
        Poco::URI::decode(uri.getUserInfo(), user_info);
        proxy.authorization = "Basic " + base64(user_info);
      }
    }
  } catch (const Poco::Exception&) {
    proxy.host.clear();
  }
  if (proxy.host.empty()) {
    fail(ErrorCode::kInvalidArgument, "connect",
         fmt::format("{} cannot be used; write it as http://HOST:PORT", variable_name_));
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
