// Endpoint: a base URL as people write it, the server behind it, and the URLs made from it.
//
// ANTHROPIC_BASE_URL has no "/v1", unlike the addresses of other vendors; with one, or with the
// whole path, it means the same. Plain values and pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/vendor/base_url.h"

namespace cartpilot::anthropic {

constexpr std::string_view kDefaultBaseUrl = "https://api.anthropic.com";

/// What is known in advance about a server. All but Anthropic's own are sent as little as possible.
struct Server {
  std::string_view name;        ///< value of --provider-option server=
  std::string_view title;       ///< for people; "" = use the host's name
  bool first_party = false;     ///< Anthropic's own: describes its models, checks ids, caches
  bool bearer = false;          ///< the key is a bearer token
  bool vertex = false;          ///< Google's form of address and body
  bool tool_choice = true;      ///< understands tool_choice
  std::string_view model = "";  ///< used when nobody names one; "" = only the person can know
};

/// By `--provider-option server=NAME`; null for an unknown name.
const Server* server_by_name(std::string_view name);
std::vector<std::string> server_names();

struct Endpoint {
  vendor::BaseUrl url;  ///< without "/v1" at its end
  const Server* server = nullptr;

  std::string base() const { return url.base(); }
};

/// Reads `text`, "" = Anthropic's own. `server` null = by the host's name, or the usual port on
/// this machine. Throws Error{kInvalidArgument} for what vendor::parse_base_url() refuses.
Endpoint parse_endpoint(std::string_view text, const Server* server);

/// URL of the model call. Throws Error{kInvalidArgument} for a model that would change the URL.
std::string messages_url(const Endpoint& endpoint, const std::string& model, bool stream);

/// URL of the list of models.
std::string models_url(const Endpoint& endpoint);

}  // namespace cartpilot::anthropic
