#include "gemini/endpoint.h"

#include <algorithm>
#include <cctype>

#include "cartpilot/error.h"
#include "gemini/text.h"

namespace cartpilot::gemini {
namespace {

[[noreturn]] void refuse_url(const std::string& url, const std::string& why) {
  throw Error(ErrorCode::kInvalidArgument, "GEMINI_BASE_URL '" + one_line(url, 200) + "' " + why +
                                               "; expected something like " +
                                               std::string(kDefaultBaseUrl));
}

/// "v1", "v1beta", "v1beta1", "v1alpha".
bool is_version(std::string_view segment) {
  if (segment.size() < 2 || segment[0] != 'v' || !is_digit(segment[1])) return false;
  const std::size_t after = segment.find_first_not_of("0123456789", 1);
  if (after == std::string_view::npos) return true;
  std::string_view tail = segment.substr(after);
  if (tail.substr(0, 4) == "beta") {
    tail.remove_prefix(4);
  } else if (tail.substr(0, 5) == "alpha") {
    tail.remove_prefix(5);
  } else {
    return false;
  }
  return std::all_of(tail.begin(), tail.end(), is_digit);
}

bool has_version(std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    if (is_version(path.substr(0, slash))) return true;
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return false;
}

bool is_loopback(const std::string& host) {
  if (host == "localhost" || host == "[::1]") return true;
  return host.rfind("127.", 0) == 0 && host.find_first_not_of("0123456789.") == std::string::npos;
}

bool ends_with(std::string_view text, std::string_view tail) {
  return text.size() >= tail.size() && text.substr(text.size() - tail.size()) == tail;
}

}  // namespace

Endpoint parse_endpoint(const std::string& base_url) {
  std::string url = trimmed(base_url);
  if (url.empty()) url = kDefaultBaseUrl;
  for (const char c : url) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '?' || c == '#' || c == '@' || c == '\\') {
      refuse_url(url, "holds a character that has no place in it");
    }
  }
  const std::size_t scheme_end = url.find("://");
  const std::string scheme =
      lower_case(scheme_end == std::string::npos ? "" : url.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") refuse_url(url, "is not an http or https URL");

  const std::size_t authority_begin = scheme_end + 3;
  const std::size_t path_begin = std::min(url.find('/', authority_begin), url.size());
  std::string authority = lower_case(url.substr(authority_begin, path_begin - authority_begin));
  if (authority.empty() || authority[0] == ':') refuse_url(url, "names no host");
  std::string path = url.substr(path_begin);
  while (!path.empty() && path.back() == '/') path.pop_back();
  if (path.find("..") != std::string::npos) refuse_url(url, "holds '..'");

  // The colons inside an IPv6 address are not the port's.
  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
  const std::string host = authority.substr(0, colon);
  const std::string standard_port = scheme == "https" ? ":443" : ":80";
  if (colon != std::string::npos && authority.substr(colon) == standard_port) authority = host;

  Endpoint endpoint;
  endpoint.backend = authority;
  endpoint.developer_api = host == "generativelanguage.googleapis.com";
  endpoint.vertex =
      host.find("aiplatform.") != std::string::npos && ends_with(host, ".googleapis.com");
  endpoint.base = scheme + "://" + authority;
  if (endpoint.vertex && !has_version(path)) {
    // The version stands in front there; without a project it is what keys of express mode use.
    endpoint.base += "/v1beta1" + (path.empty() ? "/publishers/google" : path);
  } else {
    endpoint.base += path + (has_version(path) ? "" : "/v1beta");
  }
  endpoint.loopback = is_loopback(host);
  return endpoint;
}

}  // namespace cartpilot::gemini
