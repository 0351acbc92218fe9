// Router: from method and path to a handler, with the service's 404, 405 and 307.
//
// Filled once at the start, then read only; thread-safe as far as its handlers are.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/json.h"
#include "sandbox/http/message.h"

namespace cartpilot::sandbox {

/// A request that found its route.
struct Call {
  const Request& request;
  std::vector<std::string> ids;  ///< what stood in the places of {}
  Json query;                    ///< object of strings, the last of equal names
  std::string request_id;
};

class Router {
 public:
  using Handler = std::function<Response(const Call&)>;

  /// `pattern` is an absolute path; a segment {} stands for any one non-empty segment.
  void add(std::string method, const std::string& pattern, Handler handler);

  /// Runs the handler, or answers 404, 405 with Allow, or 307 to the path without trailing slashes.
  Response answer(const Request& request, const std::string& request_id = "") const;

  struct Route {
    std::string method;
    std::vector<std::string> segments;
    Handler handler;
  };
  const std::vector<Route>& routes() const { return routes_; }

 private:
  const Route* find(const std::string& path, const std::string& method,
                    std::vector<std::string>& ids) const;

  std::vector<Route> routes_;
};

/// The path of a request target, percent-decoded, without the query.
std::string path_of(const std::string& target);

/// Never empty: "/" stays.
std::string without_trailing_slashes(const std::string& path);

/// {"detail":"..."} with `status`.
Response plain_error(int status, const char* detail);

/// `body` with `status`.
Response json_response(int status, const Json& body);
/// The same with a body that is JSON text already.
Response text_response(int status, std::string body);

}  // namespace cartpilot::sandbox
