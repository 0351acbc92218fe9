#include "openai/errors.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "openai/retry_hints.h"
#include "openai/text_match.h"

namespace cartpilot::openai {
namespace {

constexpr std::size_t kLongestMessage = 500;

/// One line without control characters, cut between UTF-8 characters.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (line.size() >= kLongestMessage && (byte & 0xC0) != 0x80) {
      line += "...";
      break;
    }
    if (byte > ' ' && byte != 0x7f) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

bool is_web_page(std::string_view body) {
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && body[first] == '<';
}

std::string word_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return "";
  if (found->is_string()) return found->get<std::string>();
  if (found->is_number_integer()) return std::to_string(found->get<std::int64_t>());
  return "";
}

int status_of(const Json& object) {
  for (const char* key : {"code", "status", "status_code"}) {
    const std::int64_t value = integer_or(object, key);
    if (value >= 400 && value <= 599) return static_cast<int>(value);
  }
  return 0;
}

/// The texts of a validation error, which is a list of places and complaints.
std::string detail_text(const Json& detail) {
  if (detail.is_string()) return detail.get<std::string>();
  std::string text;
  if (detail.is_array()) {
    for (const Json& entry : detail) {
      if (!entry.is_object()) continue;
      std::string place;
      if (entry.contains("loc") && entry["loc"].is_array()) {
        for (const Json& step : entry["loc"]) {
          place += (place.empty() ? "" : ".") +
                   (step.is_string() ? step.get<std::string>() : dump_json(step));
        }
      }
      text += (text.empty() ? "" : "; ") + place + (place.empty() ? "" : ": ") +
              string_or(entry, "msg");
    }
  }
  return text;
}

ErrorBody read_object(const Json& error) {
  ErrorBody body;
  body.message = one_line(string_or(error, "message"));
  body.type = word_of(error, "type");
  body.code = word_of(error, "code");
  body.param = word_of(error, "param");
  body.status = status_of(error);
  // A gateway's own text is often only "Provider returned error"; the cause is inside.
  if (error.contains("metadata") && error["metadata"].is_object()) {
    const std::string raw = one_line(string_or(error["metadata"], "raw"));
    if (!raw.empty()) body.message += (body.message.empty() ? "" : ": ") + raw;
  }
  if (body.message.empty()) body.message = one_line(body.code.empty() ? body.type : body.code);
  return body;
}

bool is_quota(const ErrorBody& body) {
  static const std::set<std::string> kCodes = {"insufficient_quota",
                                               "credit_balance_exhausted",
                                               "organization_spend_limit_exceeded",
                                               "project_spend_limit_exceeded",
                                               "organization_usage_limit_exceeded",
                                               "billing_hard_limit_reached"};
  return kCodes.count(body.code) != 0 || kCodes.count(body.type) != 0;
}

bool is_context_overflow(const ErrorBody& body) {
  const std::string text = lower(body.message);
  return body.code == "context_length_exceeded" || body.type == "exceed_context_size_error" ||
         contains(text, "maximum context length") || contains(text, "context window") ||
         contains(text, "context size") || contains(text, "context length");
}

bool is_filtered(const ErrorBody& body) {
  return body.code == "content_filter" || body.code == "invalid_prompt" ||
         body.code == "bio_policy" || body.code == "content_policy_violation";
}

bool is_unknown_model(const ErrorBody& body) {
  if (body.code == "model_not_found") return true;
  const std::string text = lower(body.message);
  return contains(text, "model") &&
         (contains(text, "does not exist") || contains(text, "not found") ||
          contains(text, "not a valid model"));
}

bool is_bad_key(const ErrorBody& body) {
  return body.code == "invalid_api_key" || contains(lower(body.message), "api key not valid");
}

/// For errors without a status of their own.
int status_by_words(const ErrorBody& body) {
  if (body.status != 0) return body.status;
  const std::string words = lower(body.type + " " + body.code);
  if (is_quota(body) || contains(words, "rate_limit") || contains(words, "slow_down")) return 429;
  if (is_filtered(body) || is_context_overflow(body) || contains(words, "invalid_request") ||
      contains(words, "badrequest")) {
    return 400;
  }
  if (is_bad_key(body) || contains(words, "authentication")) return 401;
  if (contains(words, "permission")) return 403;
  if (contains(words, "not_found")) return 404;
  if (contains(words, "overloaded") || contains(words, "unavailable")) return 503;
  return 500;
}

Error make(ErrorCode code, const char* reason, bool retryable, const std::string& message) {
  Error error(code, message);
  error.reason = reason;
  error.retryable = retryable;
  return error;
}

Error not_found(const ErrorBody& body, const ServiceInfo& service) {
  if (is_unknown_model(body)) {
    return make(ErrorCode::kNotFound, "model", false,
                service.title + " has no model '" + service.model +
                    "' for this key; `cartpilot models --provider openai` lists what it has");
  }
  // The address is right: something that the request speaks of is not there.
  if (!body.param.empty() || contains(body.message, "with id ")) {
    return make(ErrorCode::kNotFound, "", false,
                service.title + " refused the request (HTTP 404): " + body.message);
  }
  std::string message = "nothing answers below " + service.base + " (HTTP 404)";
  message +=
      service.has_version
          ? "; check OPENAI_BASE_URL"
          : "; the base URL usually ends in /v1, try OPENAI_BASE_URL=" + service.base + "/v1";
  return make(ErrorCode::kNotFound, "path", false, message);
}

Error rate_limited(const ErrorBody& body, const std::string& who, const std::string& said) {
  if (is_quota(body)) {
    return make(ErrorCode::kRateLimited, "quota", false,
                who + " says the quota or credit is used up" + said +
                    "; trying again will not help, check the account's billing");
  }
  if (contains(body.message, "Request too large")) {
    return make(ErrorCode::kRateLimited, "request_too_large", false,
                who + " takes no request of this size" + said + "; start a new conversation");
  }
  return make(ErrorCode::kRateLimited, "rate_limit", true,
              who + " asks for a pause" + said + "; try again shortly");
}

Error refused_request(const ErrorBody& body, const ServiceInfo& service, const std::string& number,
                      const std::string& said) {
  const std::string& who = service.title;
  if (is_bad_key(body)) {
    return make(ErrorCode::kUnauthenticated, "", false,
                service.title + " refused the API key; check " + service.key_variable);
  }
  if (is_context_overflow(body)) {
    return make(ErrorCode::kInvalidArgument, "context_overflow", false,
                "the conversation is too long for " + service.model + said +
                    "; start a new one or use a model with a larger context");
  }
  if (is_filtered(body)) {
    return make(ErrorCode::kInvalidArgument, "content_filter", false,
                who + " blocked the request by its content rules" + said);
  }
  if (is_unknown_model(body)) return not_found(body, service);
  const bool resample = body.code == "tool_use_failed";
  return make(ErrorCode::kInvalidArgument, resample ? "tool_use_failed" : "", false,
              who + " refused the request" + number + said);
}

/// `number` is the status as told to the person, "" when the status was guessed.
Error classify(int status, const ErrorBody& body, const ServiceInfo& service,
               const std::string& number) {
  const std::string& who = service.title;
  const std::string said = body.message.empty() ? "" : ": " + body.message;
  if (status >= 300 && status < 400) {
    return make(ErrorCode::kProtocol, "redirect", false,
                who + " redirects elsewhere" + number +
                    ", which is not followed with a key; put the final address into "
                    "OPENAI_BASE_URL");
  }
  switch (status) {
    case 401: {
      if (!service.has_key) {
        return make(ErrorCode::kUnauthenticated, "", false,
                    who + " wants an API key" + number + "; set " + service.key_variable);
      }
      // The vendor's own text for a wrong key quotes parts of it.
      const std::string detail = is_bad_key(body) ? "" : said;
      return make(
          ErrorCode::kUnauthenticated, "", false,
          who + " refused the API key" + number + detail + "; check " + service.key_variable);
    }
    case 402:
      return make(ErrorCode::kRateLimited, "quota", false,
                  who + " says there is no credit left" + number + said);
    case 403:
      return make(ErrorCode::kPermission, "", false, who + " does not permit this" + number + said);
    case 404: return not_found(body, service);
    case 408: return make(ErrorCode::kDeadline, "", true, who + " gave up waiting" + number + said);
    case 409:
      return make(ErrorCode::kUnavailable, "", true, who + " reports a conflict" + number + said);
    case 429: return rate_limited(body, who, said);
    default: break;
  }
  if (status >= 500) {
    // Context overflow of a local server comes as 500 from some.
    if (is_context_overflow(body)) return refused_request(body, service, number, said);
    return make(ErrorCode::kUnavailable, status == 503 ? "overloaded" : "", true,
                who + " has a problem of its own" + number + said + "; try again shortly");
  }
  return refused_request(body, service, number, said);
}

}  // namespace

std::optional<ErrorBody> find_error(const Json& value) {
  if (value.is_array()) {
    if (value.empty() || !value[0].is_object()) return std::nullopt;
    return find_error(value[0]);
  }
  if (!value.is_object()) return std::nullopt;
  const auto error = value.find("error");
  if (error != value.end() && !error->is_null()) {
    if (error->is_object()) {
      ErrorBody body = read_object(*error);
      if (body.status == 0) body.status = status_of(value);
      return body;
    }
    if (error->is_string()) {
      ErrorBody body;
      body.message = one_line(error->get<std::string>());
      body.status = status_of(value);
      return body;
    }
  }
  if (string_or(value, "object") == "error" || string_or(value, "type") == "error") {
    ErrorBody body = read_object(value);
    if (body.type == "error") body.type.clear();
    return body;
  }
  return std::nullopt;
}

ErrorBody read_error_body(std::string_view body) {
  ErrorBody result;
  if (is_web_page(body)) {
    result.message = "the answer is a web page";
    return result;
  }
  Json value;
  try {
    value = parse_json(body);
  } catch (const Error&) {
    result.message = one_line(body);
    return result;
  }
  if (std::optional<ErrorBody> found = find_error(value)) return *found;
  if (value.is_object()) {
    if (value.contains("detail")) result.message = one_line(detail_text(value["detail"]));
    if (result.message.empty() && value.contains("message")) return read_object(value);
  }
  if (result.message.empty()) result.message = one_line(body);
  return result;
}

Error error_of_answer(const HttpHead& head, std::string_view body, const ServiceInfo& service,
                      std::int64_t now_unix_ms) {
  Error error = classify(head.status, read_error_body(body), service,
                         " (HTTP " + std::to_string(head.status) + ")");
  error.http_status = head.status;
  error.request_id = header_value(head.headers, "x-request-id");
  if (error.request_id.empty()) error.request_id = header_value(head.headers, "x-generation-id");
  // The header knows more than the status, but nothing makes a spent quota come back.
  if (error.reason != "quota") {
    if (const auto forced = should_retry(head.headers)) error.retryable = *forced;
  }
  if (error.retryable) error.retry_after_ms = asked_wait_ms(head.headers, now_unix_ms);
  return error;
}

Error error_inside_answer(const ErrorBody& body, const ServiceInfo& service) {
  const int status = status_by_words(body);
  Error error = classify(status, body, service, "");
  error.http_status = status;
  return error;
}

Error stream_cut(const ServiceInfo& service) {
  return make(ErrorCode::kUnavailable, "stream_cut", true,
              "the answer of " + service.title + " broke off before its end; try again");
}

}  // namespace cartpilot::openai
