// One request and its answer, carried by libcurl, which does DNS, TCP, proxies, TLS and HTTP.
#pragma once

#include <curl/curl.h>

#include <optional>
#include <string>

#include "cartpilot/http.h"
#include "net/call_timeouts.h"
#include "net/proxy.h"
#include "net/url_policy.h"

namespace cartpilot::net {

class WireTap;

struct Route {
  const Target& target;
  const std::optional<Proxy>& proxy;
  std::string certificate_folder;
  std::string certificate_file;  ///< read whole with every connection; "" for none
};

/// Sends on the connection that `multi` keeps, or a new one, and delivers to `sink` on this thread.
/// `headers` are those of request_headers(), `tap` may be null. Returns the socket of the
/// connection that `multi` keeps afterwards, or CURL_SOCKET_BAD. Throws what HttpClient::send
/// throws.
curl_socket_t transfer(CURLM* multi, const Route& route, const HttpRequest& request,
                       curl_slist* headers, HttpSink& sink, WireTap* tap, CallTimeouts& timeouts);

}  // namespace cartpilot::net
