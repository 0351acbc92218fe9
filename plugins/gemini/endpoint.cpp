#include "gemini/endpoint.h"

#include "cartpilot/vendor/base_url.h"

namespace cartpilot::gemini {

Endpoint parse_endpoint(const std::string& base_url) {
  const bool given = !vendor::trim(base_url).empty();
  vendor::BaseUrl url = vendor::parse_base_url(given ? std::string_view(base_url) : kDefaultBaseUrl,
                                               {"GEMINI_BASE_URL", std::string(kDefaultBaseUrl)});
  Endpoint endpoint;
  endpoint.backend = url.authority();
  endpoint.developer_api = url.host == "generativelanguage.googleapis.com";
  endpoint.vertex =
      vendor::contains(url.host, "aiplatform.") && vendor::ends_with(url.host, ".googleapis.com");
  endpoint.loopback = url.loopback();
  if (!url.has_version()) {
    if (endpoint.vertex) {
      // The version stands in front there; without a project it is what keys of express mode use.
      url.path = "/v1beta1" + (url.path.empty() ? "/publishers/google" : url.path);
    } else {
      url.path += "/v1beta";
    }
  }
  endpoint.base = url.base();
  return endpoint;
}

}  // namespace cartpilot::gemini
