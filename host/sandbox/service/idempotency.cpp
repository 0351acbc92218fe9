#include "sandbox/service/idempotency.h"

#include "base/digest.h"
#include "sandbox/http/router.h"
#include "sandbox/service/identifiers.h"
#include "sandbox/wire/python_json.h"

namespace cartpilot::sandbox {
namespace {

constexpr const char* kHeader = "Idempotency-Key";

std::string path_key(const Request& request) {
  return without_trailing_slashes(path_of(request.target));
}

bool is_idempotent_path(const std::string& path) {
  if (path == "/intents" || path == "/checkouts") return true;
  constexpr std::string_view kCheckouts = "/checkouts/";
  if (!path.starts_with(kCheckouts)) return false;
  const std::size_t slash = path.find('/', kCheckouts.size());
  if (slash == std::string::npos || slash == kCheckouts.size()) return false;
  const std::string action = path.substr(slash + 1);
  return action == "quote" || action == "request-approval" || action == "approve" ||
         action == "confirm";
}

// The body as any JSON value; nullopt for null, for no body and for one that is not JSON.
std::optional<Json> body_value(const Request& request) {
  try {
    std::optional<Json> value = read_python_json(request.body).value;
    if (value && !value->is_null()) return value;
  } catch (const Error&) {
    // Not UTF-8: as good as no body here; the handler answers for it.
  }
  return std::nullopt;
}

// Python's idea of "something": a current body that is nothing never conflicts.
bool is_something(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null: return false;
    case Json::value_t::boolean: return value.get<bool>();
    case Json::value_t::string: return !value.get_ref<const std::string&>().empty();
    case Json::value_t::array:
    case Json::value_t::object: return !value.empty();
    default: return value.get<double>() != 0;
  }
}

Json with_sorted_keys(const Json& value) {
  if (value.is_object()) {
    std::map<std::string, Json> members;
    for (const auto& [key, member] : value.items()) members[key] = with_sorted_keys(member);
    return Json(members);
  }
  if (!value.is_array()) return value;
  Json sorted = Json::array();
  for (const Json& element : value) sorted.push_back(with_sorted_keys(element));
  return sorted;
}

std::string hash_of(const Json& body) {
  return base::sha256_hex(dump_json(with_sorted_keys(body)));
}

}  // namespace

bool Idempotency::applies_to(const Request& request) {
  return request.method == "POST" && !request.header(kHeader).empty() &&
         is_idempotent_path(path_key(request));
}

std::optional<Response> Idempotency::replay(const Request& request) {
  const auto answer = store_.find_answer(request.header(kHeader), path_key(request));
  if (!answer || answer->stored_at < clock_() - kDay) return std::nullopt;
  const std::optional<Json> body = body_value(request);
  if (answer->body_hash && body && is_something(*body) && *answer->body_hash != hash_of(*body)) {
    return json_response(409,
                         {{"error_code", "IDEMPOTENCY_CONFLICT"},
                          {"message", "Idempotency key already used with different request body"},
                          {"details", Json::array()}});
  }
  Response response;
  response.status = answer->status;
  response.headers = {{"X-Idempotent-Replayed", "true"}};
  response.body = answer->body;
  return response;
}

void Idempotency::remember(const Request& request, Response& response) {
  if (response.body.empty()) {
    response.body = "{}";
    response.content_type = Response{}.content_type;
  }
  const int status = response.status;
  if (strict_ && (status == 401 || status == 409 || status == 422)) return;
  store_.forget_answers_before(clock_() - kDay);
  const std::optional<Json> body = body_value(request);
  store_.save_answer(request.header(kHeader), path_key(request),
                     {body ? std::optional(hash_of(*body)) : std::nullopt, response.status,
                      response.body, clock_()});
}

}  // namespace cartpilot::sandbox
