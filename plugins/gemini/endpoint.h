// Endpoint: where the requests go, worked out once from GEMINI_BASE_URL.
//
// A plain value. It also says which kind of host that is, because a few fields may only be sent to
// Google's Developer API, and names the backend that stored thought signatures belong to.
#pragma once

#include <string>
#include <string_view>

namespace cartpilot::gemini {

constexpr std::string_view kDefaultBaseUrl = "https://generativelanguage.googleapis.com";

struct Endpoint {
  std::string base;     ///< with the API version, without a trailing slash
  std::string backend;  ///< lower-case host, with the port when one was written
  bool developer_api = false;
  bool vertex = false;
  bool loopback = false;  ///< a local gateway: no key needed
};

/// Reads a base URL with or without trailing slash and version ("/v1beta" is added when no version
/// is there; Vertex AI gets its own form); "" means Google's own. Throws Error{kInvalidArgument}
/// when it is no http(s) URL.
Endpoint parse_endpoint(const std::string& base_url);

}  // namespace cartpilot::gemini
