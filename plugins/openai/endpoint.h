// Endpoint: a base URL as people write it, and the URLs made from it.
//
// Accepts a base with or without a slash at the end, a pasted full endpoint (".../v1/responses")
// and a query string (Azure's api-version), which every URL keeps. Plain values; no network.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cartpilot::openai {

/// The two ways to talk to a model.
enum class Api { kChat, kResponses };

inline const char* api_name(Api api) { return api == Api::kChat ? "chat" : "responses"; }

struct Endpoint {
  std::string scheme;         ///< "https" or "http"
  std::string host;           ///< lower case, without port; IPv6 without brackets
  int port = 0;               ///< 0 = the scheme's own
  std::string base;           ///< scheme://authority/path, no slash at the end
  std::string query;          ///< "?api-version=..." or ""
  std::optional<Api> pasted;  ///< the API whose full endpoint was given
  std::string deployment;     ///< Azure's dated form names one in the path; else ""

  bool loopback() const;
  /// True when the path has a version segment such as "/v1" or "/v1beta".
  bool has_version() const;
};

/// Throws Error{kInvalidArgument} when `text` is no absolute http(s) URL or carries a password.
Endpoint parse_endpoint(std::string_view text);

/// URL of the model call.
std::string api_url(const Endpoint& endpoint, Api api);

/// URL of the list of models.
std::string models_url(const Endpoint& endpoint);

}  // namespace cartpilot::openai
