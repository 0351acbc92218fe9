// Endpoint: a base URL as people write it, and the URLs made from it.
//
// Accepts a pasted full endpoint (".../v1/responses") and a query string (Azure's api-version),
// which every URL keeps. Plain values; no network.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cartpilot/vendor/base_url.h"

namespace cartpilot::openai {

/// The two ways to talk to a model.
enum class Api { kChat, kResponses };

inline const char* api_name(Api api) { return api == Api::kChat ? "chat" : "responses"; }

struct Endpoint : vendor::BaseUrl {
  std::optional<Api> pasted;  ///< the API whose full endpoint was given
  std::string deployment;     ///< Azure's dated form names one in the path; else ""
};

/// Throws Error{kInvalidArgument} for what vendor::parse_base_url() refuses.
Endpoint parse_endpoint(std::string_view text);

/// URL of the model call.
std::string api_url(const Endpoint& endpoint, Api api);

/// URL of the list of models.
std::string models_url(const Endpoint& endpoint);

}  // namespace cartpilot::openai
