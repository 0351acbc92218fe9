#include <Poco/Net/MediaType.h>
#include <Poco/String.h>

#include "sandbox/wire/python_json.h"
#include "sandbox/wire/refusal.h"
#include "sandbox/wire/request_validation.h"

namespace cartpilot::sandbox {
namespace {

bool is_json_type(const std::string& content_type) {
  if (content_type.empty()) return false;
  const Poco::Net::MediaType type(content_type);
  if (!type.matches("application")) return false;
  const std::string subtype = Poco::toLower(type.getSubType());
  return subtype == "json" || subtype.ends_with("+json");
}

[[noreturn]] void refuse(const char* type, Json location, const char* message, Json input,
                         Json context = nullptr) {
  Json entry = {
      {"type", type}, {"loc", std::move(location)}, {"msg", message}, {"input", std::move(input)}};
  if (!context.is_null()) entry["ctx"] = std::move(context);
  throw ValidationRefusal(Json::array({std::move(entry)}));
}

Json parse_body(const Request& request) {
  // Text of another type is not parsed; it is then a string where an object should be.
  if (!is_json_type(request.header("Content-Type"))) return request.body;
  PythonJson read;
  try {
    read = read_python_json(request.body);
  } catch (const Error&) {
    throw UnreadableBody();
  }
  if (read.value) return std::move(*read.value);
  refuse("json_invalid", {"body", read.problem.offset}, "JSON decode error", Json::object(),
         {{"error", read.problem.message}});
}

}  // namespace

Json read_body(const Request& request) {
  Json body = request.body.empty() ? Json() : parse_body(request);
  if (body.is_null()) refuse("missing", Json::array({"body"}), "Field required", nullptr);
  if (!body.is_object()) {
    refuse("model_attributes_type", Json::array({"body"}),
           "Input should be a valid dictionary or object to extract fields from", std::move(body));
  }
  return body;
}

}  // namespace cartpilot::sandbox
