#include "net/url_policy.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include <fmt/format.h>

#include "net/failure.h"
#include "text/ascii.h"

namespace cartpilot::net {
namespace {

[[noreturn]] void refuse(const std::string& why) { fail(ErrorCode::kInvalidArgument, "url", why); }

bool is_url_character(char c) { return c > 0x20 && c < 0x7F && c != '\\'; }

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' ||
         c == ':';
}

std::string part(CURLU* url, CURLUPart wanted) {
  char* found = nullptr;
  curl_url_get(url, wanted, &found, CURLU_DEFAULT_PORT);
  const std::unique_ptr<char, decltype(&curl_free)> owner(found, &curl_free);
  return found == nullptr ? "" : found;
}

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
}

}  // namespace

std::string Url::address() const { return fmt::format("{}:{}", bracketed(host), port); }

std::string Target::authority() const {
  return port == (tls ? 443 : 80) ? bracketed(host) : address();
}

std::string Target::url() const { return fmt::format("{}://{}{}", scheme, authority(), resource); }

std::optional<Url> parse_url(const std::string& text) {
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string::npos) return std::nullopt;
  const std::size_t start = scheme_end + 3;
  const std::size_t end = std::min(text.find_first_of("/?#", start), text.size());
  std::string authority = text.substr(start, end - start);
  Url url;
  // libcurl looks for the first "@"; people write passwords with any characters, hosts have none.
  if (const std::size_t at = authority.rfind('@'); at != std::string::npos) {
    url.user_info = authority.substr(0, at);
    authority.erase(0, at + 1);
  }
  authority = text::lower_case(authority);
  const std::string rest = text.substr(0, start) + authority + text.substr(end);
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  constexpr unsigned kFlags = CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS;
  if (curl_url_set(parsed.get(), CURLUPART_URL, rest.c_str(), kFlags) != CURLUE_OK) {
    return std::nullopt;
  }
  url.scheme = part(parsed.get(), CURLUPART_SCHEME);
  url.host = part(parsed.get(), CURLUPART_HOST);
  const bool six = !url.host.empty() && url.host.front() == '[';
  if (authority.find('%') != std::string::npos) return std::nullopt;
  if (!six && authority.compare(0, url.host.size(), url.host) != 0) return std::nullopt;
  if (six) url.host = url.host.substr(1, url.host.size() - 2);
  const std::string port = part(parsed.get(), CURLUPART_PORT);
  std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (!port.empty() && url.port == 0) return std::nullopt;
  url.resource = part(parsed.get(), CURLUPART_PATH);
  const std::string query = part(parsed.get(), CURLUPART_QUERY);
  if (!query.empty()) url.resource += "?" + query;
  return url;
}

bool is_loopback_host(const std::string& host) {
  in_addr four{};
  const bool is_four = ::inet_pton(AF_INET, host.c_str(), &four) == 1;
  return host == "localhost" || host == "::1" ||
         (is_four && (ntohl(four.s_addr) >> 24) == IN_LOOPBACKNET);
}

Target parse_target(const std::string& url) {
  if (!std::all_of(url.begin(), url.end(), is_url_character)) {
    refuse(
        "the URL holds a blank, a backslash, a control or a non-ASCII character; "
        "percent-encode it");
  }
  const std::string scheme = text::lower_case(url.substr(0, url.find(':')));
  if (scheme != "http" && scheme != "https") {
    refuse("only http and https URLs can be used; write the URL as https://HOST/PATH");
  }
  const std::optional<Url> parsed = parse_url(url);
  if (!parsed) refuse("the URL cannot be read; write it as https://HOST/PATH");
  if (parsed->user_info) {
    refuse("the URL carries a user name or password; pass keys in a header instead");
  }
  const std::string& host = parsed->host;
  if (host.empty() || host.front() == '.' ||
      !std::all_of(host.begin(), host.end(), is_host_character)) {
    refuse("the URL has no usable host name; write it as https://HOST/PATH");
  }
  const Target target{*parsed, scheme == "https", is_loopback_host(host)};
  if (!target.tls && !target.loopback) {
    refuse(
        fmt::format("plain http to {} would send keys in the clear; use https, or a server on "
                    "this machine",
                    host));
  }
  return target;
}

}  // namespace cartpilot::net
