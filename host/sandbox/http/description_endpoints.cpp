// The API describing itself: a list of its routes for programs and for people.
#include <fmt/format.h>

#include "sandbox/http/endpoints.h"

namespace cartpilot::sandbox {
namespace {

// "/intents/{id}/offers"
std::string shown_path(const Router::Route& route) {
  std::string path;
  for (std::size_t i = 1; i < route.segments.size(); ++i) {
    path += '/' + (route.segments[i] == "{}" ? "{id}" : route.segments[i]);
  }
  return path;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return text;
}

Json openapi(const Router& router) {
  Json paths = Json::object();
  for (const Router::Route& route : router.routes()) {
    const std::string path = shown_path(route);
    Json operation = {{"responses", {{"200", {{"description", "Success"}}}}}};
    if (path.find("{id}") != std::string::npos) {
      operation["parameters"] = Json::array(
          {{{"name", "id"}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}}});
    }
    paths[path][lower(route.method)] = std::move(operation);
  }
  return {{"openapi", "3.1.0"},
          {"info", {{"title", "CartPilot API"}, {"version", "0.1.0"}}},
          {"paths", std::move(paths)}};
}

Response html_list(const Router& router) {
  std::string rows;
  for (const Router::Route& route : router.routes()) {
    rows += fmt::format("<li><code>{} {}</code></li>\n", route.method, shown_path(route));
  }
  Response response;
  response.content_type = "text/html; charset=utf-8";
  response.body = fmt::format(
      "<!DOCTYPE html>\n<html><head><title>CartPilot API</title></head>\n"
      "<body><h1>CartPilot API</h1>\n<ul>\n{}</ul>\n</body></html>\n",
      rows);
  return response;
}

}  // namespace

void add_description_endpoints(Router& router) {
  const Json description = openapi(router);
  const Response list = html_list(router);
  router.add("GET", "/openapi.json",
             [description](const Call&) { return json_response(200, description); });
  for (const char* path : {"/docs", "/redoc"}) {
    router.add("GET", path, [list](const Call&) { return list; });
  }
}

}  // namespace cartpilot::sandbox
