#include "sandbox/http/cross_origin.h"

#include <string_view>

namespace cartpilot::sandbox {
namespace {

constexpr const char* kMethods = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";

bool is_known_method(const std::string& method) {
  for (const std::string_view known :
       {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}) {
    if (method == known) return true;
  }
  return false;
}

}  // namespace

std::optional<Response> answer_preflight(const Request& request) {
  const std::string origin = request.header("Origin");
  const std::string method = request.header("Access-Control-Request-Method");
  if (request.method != "OPTIONS" || origin.empty() || method.empty()) return std::nullopt;
  Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.headers = {{"Vary", "Origin"},
                      {"Access-Control-Allow-Methods", kMethods},
                      {"Access-Control-Max-Age", "600"},
                      {"Access-Control-Allow-Credentials", "true"},
                      {"Access-Control-Allow-Origin", origin}};
  const std::string wanted = request.header("Access-Control-Request-Headers");
  if (!wanted.empty()) response.headers.emplace_back("Access-Control-Allow-Headers", wanted);
  const bool known = is_known_method(method);
  response.status = known ? 200 : 400;
  response.body = known ? "OK" : "Disallowed CORS method";
  return response;
}

void allow_origin(const Request& request, Response& response) {
  const std::string origin = request.header("Origin");
  if (origin.empty()) return;
  const bool has_cookie = !request.header("Cookie").empty();
  response.headers.emplace_back("Access-Control-Allow-Origin", has_cookie ? origin : "*");
  response.headers.emplace_back("Access-Control-Allow-Credentials", "true");
  if (has_cookie) response.headers.emplace_back("Vary", "Origin");
}

}  // namespace cartpilot::sandbox
