#include "sandbox/http/router.h"

#include <Poco/Exception.h>
#include <Poco/URI.h>

#include "sandbox/http/origin_guard.h"
#include "sandbox/wire/request_validation.h"

namespace cartpilot::sandbox {
namespace {

// A percent sign that starts no byte stands for itself.
std::string decoded(const std::string& text, bool plus_is_space = false) {
  if (text.find_first_of(plus_is_space ? "%+" : "%") == std::string::npos) return text;
  std::string result;
  try {
    Poco::URI::decode(text, result, plus_is_space);
  } catch (const Poco::Exception&) {
    return text;
  }
  return result;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string raw_path(const std::string& target) { return target.substr(0, target.find('?')); }

Json query_of(const std::string& target) {
  Json query = Json::object();
  const std::size_t mark = target.find('?');
  if (mark == std::string::npos) return query;
  for (const std::string& pair : split(std::string_view(target).substr(mark + 1), '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string value = equals == std::string::npos ? "" : pair.substr(equals + 1);
    query[decoded(pair.substr(0, equals), true)] = decoded(value, true);
  }
  return query;
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path,
             std::vector<std::string>& ids) {
  if (pattern.size() != path.size()) return false;
  ids.clear();
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == "{}" && !path[i].empty()) {
      ids.push_back(path[i]);
    } else if (pattern[i] != path[i]) {
      return false;
    }
  }
  return true;
}

Response redirect(const Request& request) {
  const std::size_t mark = request.target.find('?');
  Response response;
  response.status = 307;
  response.content_type.clear();
  response.headers.emplace_back("Location",
                                "http://" + request.header("Host") +
                                    without_trailing_slashes(raw_path(request.target)) +
                                    (mark == std::string::npos ? "" : request.target.substr(mark)));
  return response;
}

}  // namespace

void Router::add(std::string method, const std::string& pattern, Handler handler) {
  routes_.push_back({std::move(method), split(pattern, '/'), std::move(handler)});
}

const Router::Route* Router::find(const std::string& path, const std::string& method,
                                  std::vector<std::string>& ids) const {
  const std::vector<std::string> segments = split(path, '/');
  const Route* other_method = nullptr;
  for (const Route& route : routes_) {
    if (!matches(route.segments, segments, ids)) continue;
    if (route.method == method) return &route;
    if (other_method == nullptr) other_method = &route;
  }
  return other_method;
}

Response Router::answer(const Request& request, const std::string& request_id) const {
  const std::string path = path_of(request.target);
  Call call{request, {}, query_of(request.target), request_id};
  if (const Route* route = find(path, request.method, call.ids)) {
    if (route->method == request.method) {
      // Where a body is read a form fails for its type; it fails alike where none is read.
      if (changes_state(request) && is_form(request)) read_body(request);
      return route->handler(call);
    }
    Response response = plain_error(405, "Method Not Allowed");
    response.headers.emplace_back("Allow", route->method);
    return response;
  }
  if (path.size() > 1 && path.back() == '/' &&
      find(without_trailing_slashes(path), request.method, call.ids) != nullptr) {
    return redirect(request);
  }
  return plain_error(404, "Not Found");
}

std::string path_of(const std::string& target) { return decoded(raw_path(target)); }

std::string without_trailing_slashes(const std::string& path) {
  const std::size_t last = path.find_last_not_of('/');
  return last == std::string::npos ? "/" : path.substr(0, last + 1);
}

Response plain_error(int status, const char* detail) {
  return json_response(status, {{"detail", detail}});
}

Response json_response(int status, const Json& body) {
  return text_response(status, dump_json(body));
}

Response text_response(int status, std::string body) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

}  // namespace cartpilot::sandbox
