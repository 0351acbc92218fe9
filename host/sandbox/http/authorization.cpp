#include "sandbox/http/authorization.h"

#include <Poco/String.h>

#include "cartpilot/json.h"
#include "sandbox/http/router.h"

namespace cartpilot::sandbox {
namespace {

Response unauthorized(const char* code, const char* message) {
  Response response;
  response.status = 401;
  response.headers = {{"WWW-Authenticate", "Bearer"}};
  response.body =
      dump_json({{"error_code", code}, {"message", message}, {"details", Json::array()}});
  return response;
}

bool is_public(const std::string& path) {
  for (const char* open : {"/health", "/ready", "/openapi.json", "/webhooks/merchant"}) {
    if (path == open) return true;
  }
  return path.starts_with("/docs") || path.starts_with("/redoc");
}

}  // namespace

std::optional<Response> refuse_unauthorized(const Request& request, const std::string& path,
                                            const std::string& api_key) {
  if (is_public(without_trailing_slashes(path))) return std::nullopt;
  const std::string header = request.header("Authorization");
  if (header.empty()) return unauthorized("UNAUTHORIZED", "Missing Authorization header");
  // Everything behind the first space is the key, further spaces included.
  const std::size_t space = header.find(' ');
  if (space == std::string::npos || Poco::toLower(header.substr(0, space)) != "bearer") {
    return unauthorized("UNAUTHORIZED",
                        "Invalid Authorization header format. Use 'Bearer <api_key>'");
  }
  if (header.substr(space + 1) != api_key) {
    return unauthorized("INVALID_API_KEY", "Invalid API key");
  }
  return std::nullopt;
}

}  // namespace cartpilot::sandbox
