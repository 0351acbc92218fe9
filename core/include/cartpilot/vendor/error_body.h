// ErrorBody: what a service says went wrong, whatever envelope it comes in.
//
// Known envelopes: {"error":{...}} of OpenAI, Anthropic and Google (also with details and retry
// delays, in an array, or as JSON text inside `message`), {"error":"text"}, flat objects
// ({"type":"error"}, {"object":"error"}, {"message","code"}), {"detail"} of validators, plain text,
// web pages. The same objects come inside answers whose status was 200. Plain values and pure
// functions; any thread. Nothing here throws for what a server sends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/json.h"
#include "cartpilot/vendor/error_parts.h"
#include "cartpilot/vendor/retry_hints.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

struct ErrorBody {
  std::string message;     ///< one line, at most 500 bytes and "..."
  std::string type;        ///< "rate_limit_error"
  std::string code;        ///< "insufficient_quota", "RESOURCE_EXHAUSTED"; numbers as text
  std::string param;       ///< the member of the request that is complained of
  std::string reason;      ///< the finer code inside `details`
  std::string request_id;  ///< when the body names it
  int http_status = 0;     ///< an HTTP status inside the body; 0 = none
  std::optional<std::int64_t> wait_ms;  ///< asked for by a member or in words
  Json details;                         ///< error.details as it came
};

inline void read_details(const Json& details, ErrorBody& body) {
  body.details = details;
  if (details.is_object()) body.reason = word_of(details, "error_code");
  if (!details.is_array()) return;
  for (const Json& detail : details) {
    const std::string type = string_or(detail, "@type");
    if (contains(type, "ErrorInfo")) body.reason = word_of(detail, "reason");
    if (contains(type, "RetryInfo")) {
      const std::string delay = string_or(detail, "retryDelay");
      std::string_view span = delay;
      body.wait_ms = read_span(span);
    }
  }
}

/// The error that `value` is or holds; nullopt for an answer, an event or anything else.
inline std::optional<ErrorBody> find_error(const Json& value, int depth = 0);

/// The members of an error object.
inline ErrorBody read_error_object(const Json& error, int depth) {
  ErrorBody body;
  const std::string message = string_or(error, "message");
  if (depth < 4 && !message.empty() && message.front() == '{') {  // the whole error as text
    try {
      if (auto inner = find_error(parse_json(message), depth + 1)) body = *std::move(inner);
    } catch (const Error&) {
    }
  }
  const auto fill = [](std::string& member, const std::string& value) {
    if (member.empty()) member = value;
  };
  fill(body.message, one_line(message, kMaxMessage));
  fill(body.type, word_of(error, "type"));
  // Google's word says more than its number, which is the HTTP status again.
  fill(body.code, one_line(string_or(error, "status"), 100));
  fill(body.code, word_of(error, "code"));
  fill(body.param, word_of(error, "param"));
  if (body.http_status == 0) body.http_status = status_of(error);
  if (error.contains("details") && body.details.is_null()) read_details(error["details"], body);
  // A gateway's own text is often only "Provider returned error"; the cause is inside.
  if (error.contains("metadata")) {
    const std::string raw = one_line(string_or(error["metadata"], "raw"), kMaxMessage);
    if (!raw.empty()) body.message += (body.message.empty() ? "" : ": ") + raw;
  }
  fill(body.message, body.code.empty() ? body.type : body.code);
  body.wait_ms = longer_wait(body.wait_ms, wait_in_members(error));
  // The whole text, not what is kept of it.
  body.wait_ms = longer_wait(body.wait_ms, wait_in_words(message));
  body.wait_ms = longer_wait(body.wait_ms, wait_in_words(body.message));
  return body;
}

inline std::optional<ErrorBody> find_error(const Json& value, int depth) {
  if (value.is_array() && depth < 4) {
    for (const Json& item : value) {
      if (auto found = item.is_object() ? find_error(item, depth + 1) : std::nullopt) return found;
    }
  }
  if (!value.is_object()) return std::nullopt;
  const auto error = value.find("error");
  ErrorBody body;
  if (error != value.end() && error->is_object() && !error->empty()) {
    body = read_error_object(*error, depth);
  } else if (error != value.end() && *error != "" && error->is_string()) {
    body = read_error_object(Json{{"message", *error}}, depth);
  } else {
    const bool flat = string_or(value, "object") == "error" || string_or(value, "type") == "error";
    const bool bare = value.contains("message") && value["message"].is_string() &&
                      (value.contains("code") || value.contains("status")) &&
                      !value.contains("candidates") && !value.contains("choices");
    if (!flat && !bare) return std::nullopt;
    body = read_error_object(value, depth);
    if (body.type == "error") body.type.clear();
  }
  if (body.http_status == 0) body.http_status = status_of(value);
  body.request_id = word_of(value, "request_id");
  if (error != value.end()) {
    for (const auto& [key, member] : value.items()) {
      if (key != "error") {
        body.wait_ms = longer_wait(body.wait_ms, wait_in_members(Json{{key, member}}));
      }
    }
  }
  return body;
}

/// Reads any body; one that is no known envelope becomes the message.
inline ErrorBody read_error_body(std::string_view text) {
  ErrorBody body;
  if (starts_with(trim(text), "<")) {
    body.message = page_text(text);
    return body;
  }
  try {
    const Json value = parse_json(text);
    if (auto found = find_error(value)) return *std::move(found);
    if (value.is_object() && value.contains("detail")) {
      body.message = one_line(validation_text(value["detail"]), kMaxMessage);
    }
    if (body.message.empty()) body.message = one_line(string_or(value, "message"), kMaxMessage);
    body.wait_ms = wait_in_members(value);
  } catch (const Error&) {
  }
  if (body.message.empty()) body.message = one_line(text, kMaxMessage);
  body.wait_ms = longer_wait(body.wait_ms, wait_in_words(text));
  return body;
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
