#include "net/url.h"

#include <uriparser/Uri.h>

#include <charconv>
#include <memory>
#include <string_view>

#include "text/ascii.h"

namespace cartpilot::net {
namespace {

std::string_view view(const UriTextRangeA& range) {
  if (range.first == nullptr) return {};
  return {range.first, static_cast<std::size_t>(range.afterLast - range.first)};
}

}  // namespace

std::optional<Url> parse_url(const std::string& text) {
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string::npos) return std::nullopt;
  std::string beginning = text.substr(0, text.find_first_of("/?#", scheme_end + 3));
  Url url;
  // User names and passwords are written with any characters; hosts have no "@".
  if (const std::size_t at = beginning.rfind('@'); at != std::string::npos) {
    url.user_info = beginning.substr(scheme_end + 3, at - (scheme_end + 3));
    beginning.erase(scheme_end + 3, at + 1 - (scheme_end + 3));
  }
  UriUriA parsed{};
  if (::uriParseSingleUriA(&parsed, beginning.c_str(), nullptr) != URI_SUCCESS) {
    return std::nullopt;
  }
  const std::unique_ptr<UriUriA, decltype(&::uriFreeUriMembersA)> owner(&parsed,
                                                                        &::uriFreeUriMembersA);
  url.scheme = text::lower_case(view(parsed.scheme));
  url.host = text::lower_case(view(parsed.hostText));
  url.port = url.scheme == "http" ? 80 : url.scheme == "https" ? 443 : 0;
  if (const std::string_view port = view(parsed.portText); !port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc() || end != port.data() + port.size() || url.port == 0) {
      return std::nullopt;
    }
  }
  return url;
}

}  // namespace cartpilot::net
