// One request and one answer, free of sockets.
//
// Plain values. Handlers are written against these, so that the API, and any other listener of the
// sandbox, can be driven without a network.
#pragma once

#include <string>

#include "cartpilot/http.h"

namespace cartpilot::sandbox {

struct Request {
  std::string method;
  std::string target;   ///< path and query exactly as sent
  HttpHeaders headers;  ///< Host is always there
  std::string body;
  /// Set by the application: this confirmation came while its checkout was not confirmed yet.
  bool came_unconfirmed = false;

  std::string header(std::string_view name) const { return header_value(headers, name); }
};

struct Response {
  int status = 200;
  HttpHeaders headers;                            ///< without Content-Type and Content-Length
  std::string content_type = "application/json";  ///< "" leaves the header out
  std::string body;
};

}  // namespace cartpilot::sandbox
