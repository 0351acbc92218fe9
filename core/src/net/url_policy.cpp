#include "net/url_policy.h"

#include <arpa/inet.h>

#include <algorithm>

#include <fmt/format.h>

#include "net/failure.h"
#include "net/url.h"
#include "text/ascii.h"

namespace cartpilot::net {
namespace {

[[noreturn]] void refuse(const std::string& why) { fail(ErrorCode::kInvalidArgument, "url", why); }

bool is_url_character(char c) { return c > 0x20 && c < 0x7F && c != '\\'; }

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' ||
         c == ':';
}

/// What stands between "//" and the path.
std::string_view authority_of(std::string_view url) {
  const std::size_t start = url.find("://") + 3;
  return url.substr(start, std::min(url.find_first_of("/?#", start), url.size()) - start);
}

/// Path and query as they were written: a decoded %2F would be another path.
std::string resource_of(std::string_view url) {
  const std::string_view authority = authority_of(url);
  url.remove_prefix(static_cast<std::size_t>(authority.data() + authority.size() - url.data()));
  const std::string_view resource = url.substr(0, url.find('#'));
  const bool rooted = !resource.empty() && resource.front() == '/';
  return fmt::format("{}{}", rooted ? "" : "/", resource);
}

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
}

}  // namespace

std::string Target::authority() const {
  const bool usual = port == (tls ? 443 : 80);
  return usual ? bracketed(host) : address();
}

std::string Target::address() const { return fmt::format("{}:{}", bracketed(host), port); }

bool is_loopback_host(std::string_view host) {
  if (host == "localhost") return true;
  const std::string text(host);
  in_addr four{};
  if (::inet_aton(text.c_str(), &four) != 0) return (ntohl(four.s_addr) >> 24) == IN_LOOPBACKNET;
  in6_addr six{};
  return ::inet_pton(AF_INET6, text.c_str(), &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

Target parse_target(const std::string& url) {
  if (!std::all_of(url.begin(), url.end(), is_url_character)) {
    refuse(
        "the URL holds a blank, a backslash, a control or a non-ASCII character; "
        "percent-encode it");
  }
  const std::string scheme = text::lower_case(url.substr(0, url.find(':')));
  const bool http = scheme == "http";
  if (!http && scheme != "https") {
    refuse("only http and https URLs can be used; write the URL as https://HOST/PATH");
  }
  const std::optional<Url> parsed = parse_url(url);
  if (!parsed) refuse("the URL cannot be read; write it as https://HOST/PATH");
  if (authority_of(url).find('@') != std::string_view::npos) {
    refuse("the URL carries a user name or password; pass keys in a header instead");
  }
  Target target;
  target.tls = !http;
  target.host = parsed->host;
  if (target.host.empty() ||
      !std::all_of(target.host.begin(), target.host.end(), is_host_character)) {
    refuse("the URL has no usable host name; write it as https://HOST/PATH");
  }
  target.port = parsed->port;
  target.loopback = is_loopback_host(target.host);
  target.resource = resource_of(url);
  if (http && !target.loopback) {
    refuse(
        fmt::format("plain http to {} would send keys in the clear; use https, or a server on "
                    "this machine",
                    target.host));
  }
  return target;
}

}  // namespace cartpilot::net
