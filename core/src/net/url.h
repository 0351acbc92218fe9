// Url: what stands before the path of a URL, taken apart by uriparser.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cartpilot::net {

struct Url {
  std::string scheme;      ///< lower case
  std::string user_info;   ///< as written, without its "@"
  std::string host;        ///< lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;  ///< the scheme's own (80, 443) when none is written, 0 for other schemes
};

/// nullopt for what is no "SCHEME://AUTHORITY..."; what follows the authority is not looked at.
std::optional<Url> parse_url(const std::string& text);

}  // namespace cartpilot::net
