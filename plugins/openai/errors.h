// Errors of the vendor and its many look-alikes, read into one form and then into cartpilot::Error.
//
// Bodies come as an object, an array, a text, with numbers or words as codes, or as a web page; and
// the same objects arrive inside streams whose status was 200. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cartpilot/http.h"
#include "cartpilot/json.h"

namespace cartpilot::openai {

/// Who was asked, for the wording.
struct ServiceInfo {
  std::string title;         ///< "OpenAI", or the host's name
  std::string base;          ///< base URL without its query
  bool has_version = true;   ///< the base URL has a /v1 in it
  bool has_key = true;       ///< a key was sent
  std::string key_variable;  ///< "OPENAI_API_KEY"
  std::string model;
};

/// An error body, whatever its envelope was.
struct ErrorBody {
  std::string message;  ///< one line
  std::string type;
  std::string code;   ///< numbers as text
  std::string param;  ///< the member the vendor complains about
  int status = 0;     ///< an HTTP status inside the body, 0 when there is none
};

/// The error inside `value`, or nullopt when it is no error (an answer, an event).
std::optional<ErrorBody> find_error(const Json& value);

/// Reads any body; one that is no known envelope becomes the message.
ErrorBody read_error_body(std::string_view body);

/// The Error for an answer with a status other than 2xx.
Error error_of_answer(const HttpHead& head, std::string_view body, const ServiceInfo& service,
                      std::int64_t now_unix_ms);

/// The Error for an error inside an answer whose status was 200.
Error error_inside_answer(const ErrorBody& body, const ServiceInfo& service);

/// The Error for an answer that ended too early.
Error stream_cut(const ServiceInfo& service);

}  // namespace cartpilot::openai
