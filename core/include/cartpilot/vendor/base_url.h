// BaseUrl: the address of a service as people write it, checked and taken apart.
//
// With or without slashes at the end, in any case, with a port or the scheme's own. https anywhere,
// plain http on loopback only. Pure functions and a plain value; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/error.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

struct BaseUrl {
  std::string scheme;  ///< "https" or "http"
  std::string host;    ///< lower case, without port; IPv6 without brackets
  int port = 0;        ///< 0 = the scheme's own
  std::string path;    ///< "/v1", no slash at the end; "" = none
  std::string query;   ///< "?api-version=..." or ""

  /// Host and port as in a URL: "[::1]:8080".
  std::string authority() const {
    const bool six = host.find(':') != std::string::npos;
    return (six ? "[" + host + "]" : host) + (port == 0 ? "" : ":" + std::to_string(port));
  }

  /// Scheme, authority and path; what requests are made of by appending "/models" and the query.
  std::string base() const { return scheme + "://" + authority() + path; }

  /// This machine: no key is needed, and plain http is allowed.
  bool loopback() const {
    if (host == "localhost" || host == "::1") return true;
    return starts_with(host, "127.") && host.find_first_not_of("0123456789.") == std::string::npos;
  }

  /// True when the path has a segment such as "v1", "v1beta" or "v2alpha1".
  bool has_version() const {
    for (std::size_t at = path.find("/v"); at != std::string::npos; at = path.find("/v", at + 1)) {
      std::string_view word = std::string_view(path).substr(at + 2);
      word = word.substr(0, word.find('/'));
      const std::size_t tail = word.find_first_not_of("0123456789");
      if (tail == 0 || word.empty()) continue;
      if (tail == std::string_view::npos) return true;
      word.remove_prefix(tail);
      for (const std::string_view name : {"beta", "alpha"}) {
        if (!starts_with(word, name)) continue;
        if (word.find_first_not_of("0123456789", name.size()) == std::string_view::npos)
          return true;
      }
    }
    return false;
  }

  /// Takes `end` ("/chat/completions") off the path, for people who paste a whole endpoint. False
  /// when the path does not end so.
  bool drop_suffix(std::string_view end) {
    if (!ends_with(path, end)) return false;
    path.resize(path.size() - end.size());
    while (!path.empty() && path.back() == '/') path.pop_back();
    return true;
  }
};

/// What a message says about a base URL.
struct BaseUrlText {
  std::string variable;        ///< "ACME_BASE_URL"
  std::string example;         ///< "https://api.acme.example/v1"
  bool query_allowed = false;  ///< a query goes with every request (Azure's api-version)
};

/// Reads `text`. Throws Error{kInvalidArgument}, naming the variable and the example, when it is no
/// absolute http(s) URL, carries a password (which is not repeated), a fragment or "..", or is
/// plain http to another machine.
inline BaseUrl parse_base_url(std::string_view text, const BaseUrlText& words) {
  text = trim(text);
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::kInvalidArgument, words.variable + " '" + one_line(text, 200) + "' " +
                                                 why + "; it looks like " + words.example);
  };
  if (contains(text.substr(0, text.find('?')), "@")) {
    throw Error(ErrorCode::kInvalidArgument,
                words.variable +
                    " carries a user name or password; put the key into its own "
                    "variable");
  }
  for (const char c : text) {
    if (c <= ' ' || c == 0x7F || c == '\\') refuse("holds a character that no URL has");
  }
  BaseUrl url;
  const std::size_t mark = text.find("://");
  if (mark != std::string_view::npos) url.scheme = lower(text.substr(0, mark));
  if (url.scheme != "https" && url.scheme != "http") refuse("is not an http or https URL");
  std::string_view rest = text.substr(mark + 3);
  if (contains(rest, "#")) refuse("holds a fragment (#)");
  const std::size_t question = rest.find('?');
  if (question != std::string_view::npos && question + 1 < rest.size()) {
    if (!words.query_allowed) refuse("holds a query (?)");
    url.query = rest.substr(question);
  }
  rest = rest.substr(0, question);
  const std::size_t slash = rest.find('/');
  if (slash != std::string_view::npos) url.path = rest.substr(slash);
  while (!url.path.empty() && url.path.back() == '/') url.path.pop_back();
  if (contains(url.path, "..")) refuse("holds '..'");

  std::string_view host = rest.substr(0, slash);
  std::string_view port;
  const std::size_t bracket = host.find(']');
  const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) port = host.substr(colon + 1);
  host = host.substr(0, colon);
  if (!host.empty() && host.front() == '[') {
    if (host.back() != ']') refuse("has an unclosed IPv6 address");
    host = host.substr(1, host.size() - 2);
  }
  url.host = lower(host);
  if (url.host.empty()) refuse("names no host");
  for (const char c : port) {
    if (!is_digit(c) || url.port > 65535) refuse("has an invalid port");
    url.port = url.port * 10 + (c - '0');
  }
  if (url.port > 65535) refuse("has an invalid port");
  if (url.port == (url.scheme == "https" ? 443 : 80)) url.port = 0;
  if (url.scheme == "http" && !url.loopback()) {
    refuse(
        "is plain http to another machine, where the conversation and the key can be read on the "
        "way; use https");
  }
  return url;
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
