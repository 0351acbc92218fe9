#include "gemini/errors.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

#include "gemini/text.h"

namespace cartpilot::gemini {
namespace {

/// A longer wait is no wait but a quota that is used up.
constexpr std::int64_t kLongestWaitMs = 300'000;

int code_of_status(std::string_view status) {
  constexpr std::array<std::pair<std::string_view, int>, 16> kCodes = {{
      {"CANCELLED", 499},
      {"INVALID_ARGUMENT", 400},
      {"FAILED_PRECONDITION", 400},
      {"OUT_OF_RANGE", 400},
      {"UNAUTHENTICATED", 401},
      {"PERMISSION_DENIED", 403},
      {"NOT_FOUND", 404},
      {"ABORTED", 409},
      {"ALREADY_EXISTS", 409},
      {"RESOURCE_EXHAUSTED", 429},
      {"UNKNOWN", 500},
      {"INTERNAL", 500},
      {"DATA_LOSS", 500},
      {"UNIMPLEMENTED", 501},
      {"UNAVAILABLE", 503},
      {"DEADLINE_EXCEEDED", 504},
  }};
  for (const auto& [name, code] : kCodes) {
    if (name == status) return code;
  }
  return 0;
}

/// "limit: 0" as a whole number, not the beginning of "limit: 20".
bool says_limit_zero(std::string_view text) {
  constexpr std::string_view kLimit = "limit: 0";
  for (std::size_t at = text.find(kLimit); at != std::string_view::npos;
       at = text.find(kLimit, at + 1)) {
    const std::size_t after = at + kLimit.size();
    if (after >= text.size() || (!is_digit(text[after]) && text[after] != '.')) return true;
    // "limit: 0." ends a sentence, "limit: 0.5" does not.
    if (text[after] == '.' && (after + 1 >= text.size() || !is_digit(text[after + 1]))) return true;
  }
  return false;
}

void read_details(const Json& details, ServiceError& error) {
  if (!details.is_array()) return;
  for (const Json& detail : details) {
    const std::string type = string_or(detail, "@type");
    if (contains(type, "ErrorInfo")) error.reason = string_or(detail, "reason");
    if (contains(type, "RetryInfo")) {
      error.retry_delay_ms = parse_duration_ms(string_or(detail, "retryDelay"));
    }
    if (!contains(type, "QuotaFailure") || !detail.contains("violations")) continue;
    if (!detail["violations"].is_array()) continue;
    for (const Json& violation : detail["violations"]) {
      if (contains(string_or(violation, "quotaId"), "PerDay")) error.daily_quota = true;
      const bool zero =
          string_or(violation, "quotaValue") == "0" || integer_or(violation, "quotaValue", -1) == 0;
      if (zero) error.no_quota = true;
    }
  }
}

/// Some gateways put the whole error as JSON text into `message`.
void unwrap_message(ServiceError& error, int depth) {
  if (depth > 3 || error.message.empty() || error.message[0] != '{') return;
  try {
    const auto inner = find_service_error(parse_json(error.message));
    if (!inner) return;
    ServiceError outer = std::exchange(error, *inner);
    if (error.code == 0) error.code = outer.code;
    if (error.status.empty()) error.status = outer.status;
    if (error.reason.empty()) error.reason = outer.reason;
    if (!error.retry_delay_ms) error.retry_delay_ms = outer.retry_delay_ms;
    error.daily_quota = error.daily_quota || outer.daily_quota;
    error.no_quota = error.no_quota || outer.no_quota;
    unwrap_message(error, depth + 1);
  } catch (const Error&) {
    // A message that only looks like JSON is shown as it is.
  }
}

std::optional<std::int64_t> delay_in_message(const std::string& message) {
  constexpr std::string_view kPhrase = "retry in ";
  const std::size_t at = message.find(kPhrase);
  if (at == std::string::npos) return std::nullopt;
  std::string_view rest = std::string_view(message).substr(at + kPhrase.size());
  const std::size_t unit = rest.find('s');
  return unit == std::string_view::npos ? std::nullopt
                                        : parse_duration_ms(rest.substr(0, unit + 1));
}

struct Verdict {
  ErrorCode code;
  std::string message;
  std::string reason;
  bool retryable = false;
};

std::string first_sentence(const ServiceError& error) {
  std::string text = one_line(error.message, 300);
  if (text.empty()) text = error.status.empty() ? "no explanation" : one_line(error.status, 100);
  return text;
}

Verdict judge_quota(const ServiceError& error, const std::string& model) {
  if (error.no_quota) {
    return {ErrorCode::kRateLimited,
            fmt::format("the plan of this Gemini key does not include {} (limit 0); choose another "
                        "--model or enable billing",
                        model),
            "quota"};
  }
  if (error.daily_quota || error.retry_delay_ms.value_or(0) > kLongestWaitMs) {
    return {ErrorCode::kRateLimited,
            fmt::format("the Gemini quota for {} is used up for now; choose another --model, try "
                        "again tomorrow or raise the quota: {}",
                        model, first_sentence(error)),
            "quota"};
  }
  const std::string wait = error.retry_delay_ms ? fmt::format("; it asks to wait {} s",
                                                              (*error.retry_delay_ms + 999) / 1000)
                                                : "; try again in a moment";
  return {ErrorCode::kRateLimited, "Gemini's rate limit is reached" + wait, "rate_limit", true};
}

/// 400 is Google's answer to many things that are not the caller's fault; the text tells which.
Verdict judge_bad_request(const ServiceError& error) {
  const std::string text = lower_case(error.message);
  const std::string said = first_sentence(error);
  if (error.reason == "API_KEY_INVALID" || contains(text, "api key not valid") ||
      contains(text, "api_key_invalid") || contains(text, "api key expired")) {
    return {ErrorCode::kUnauthenticated,
            "Gemini refused the API key: " + said +
                " Check GEMINI_API_KEY; keys are made at https://aistudio.google.com/apikey",
            "api_key_invalid"};
  }
  if (contains(text, "user location is not supported")) {
    return {
        ErrorCode::kPermission,
        "Gemini is not offered where this request came from; choose another --provider: " + said,
        "location"};
  }
  if (contains(text, "exceeds the maximum number of tokens") ||
      contains(text, "input context is too long")) {
    return {ErrorCode::kInvalidArgument,
            "the conversation is too long for this Gemini model; start a new one: " + said,
            "context_overflow"};
  }
  if (contains(text, "thought_signature") || contains(text, "thought signature")) {
    return {ErrorCode::kInvalidArgument,
            "Gemini did not accept a thought signature; start a new conversation: " + said,
            "signature"};
  }
  for (const std::string_view piece :
       {"function call turn comes immediately after", "function response turn comes immediately",
        "number of function response parts", "requests ending with a model turn",
        "please use a valid role", "required oneof field"}) {
    if (contains(text, piece)) {
      return {ErrorCode::kInvalidArgument,
              "Gemini did not accept the order of the conversation; start a new one: " + said,
              "turn_order"};
    }
  }
  if (error.status == "FAILED_PRECONDITION") {
    return {ErrorCode::kPermission,
            "Gemini cannot serve this key yet; check billing and region: " + said, "precondition"};
  }
  return {ErrorCode::kInvalidArgument,
          "Gemini refused the request; check --model and the options: " + said, "bad_request"};
}

Verdict judge(const ServiceError& error, const std::string& model) {
  const std::string text = lower_case(error.message);
  const std::string said = first_sentence(error);
  switch (error.code) {
    case 400: return judge_bad_request(error);
    case 401:
      return {ErrorCode::kUnauthenticated,
              "Gemini refused the credentials: " + said + " Check GEMINI_API_KEY", "credentials"};
    case 403:
      if (contains(text, "unregistered callers")) {
        return {ErrorCode::kUnauthenticated,
                "Gemini received no API key; set GEMINI_API_KEY (or try --demo)",
                "api_key_missing"};
      }
      return {ErrorCode::kPermission,
              "this Gemini key may not do that: " + said +
                  " Check the key's restrictions and that the Gemini API is enabled for it",
              error.reason.empty() ? "permission" : lower_case(error.reason)};
    case 404:
      return {ErrorCode::kNotFound,
              fmt::format("Gemini does not know the model {}; `cartpilot models --provider gemini` "
                          "lists what it offers: {}",
                          model, said),
              "model"};
    case 413:
      return {ErrorCode::kInvalidArgument,
              "the conversation is too large for Gemini; start a new one", "too_large"};
    case 429: return judge_quota(error, model);
    case 408:
    case 504:
      return {ErrorCode::kDeadline, "Gemini did not answer in time; try again: " + said, "deadline",
              true};
    case 409:
      return {ErrorCode::kUnavailable, "Gemini aborted the request; try again: " + said, "aborted",
              error.status == "ABORTED"};
    case 499:
      return {ErrorCode::kUnavailable, "Gemini cancelled the request; try again: " + said,
              "cancelled", true};
    case 501:
      return {ErrorCode::kUnsupported,
              "Gemini does not offer that; choose another --model: " + said, "unimplemented"};
    default: break;
  }
  if (error.code >= 500) {
    if (contains(text, "input context is too long")) return judge_bad_request(error);
    return {
        ErrorCode::kUnavailable,
        fmt::format("Gemini is unavailable at the moment ({}); try again: {}", error.code, said),
        "unavailable", true};
  }
  if (error.code >= 300 && error.code < 400) {
    return {ErrorCode::kProtocol,
            "Gemini's address answered with a redirect, which is not followed; check "
            "GEMINI_BASE_URL",
            "redirect"};
  }
  if (error.code >= 400) {
    return {ErrorCode::kInvalidArgument,
            fmt::format("Gemini refused the request ({}); check GEMINI_BASE_URL and --model: {}",
                        error.code, said),
            "bad_request"};
  }
  return {ErrorCode::kProtocol, "Gemini reported an error without a code; try again: " + said,
          "error"};
}

Error to_error(const ServiceError& error, const std::string& model) {
  const Verdict verdict = judge(error, model);
  Error result(verdict.code, verdict.message);
  result.reason = verdict.reason;
  result.retryable = verdict.retryable;
  if (verdict.retryable) result.retry_after_ms = error.retry_delay_ms;
  result.http_status = error.code;
  return result;
}

/// HTML and plain text bodies: the readable part.
std::string readable(std::string_view body) {
  std::string text;
  bool in_tag = false;
  for (const char c : body.substr(0, 4096)) {
    if (c == '<') in_tag = true;
    if (!in_tag) text += c;
    if (c == '>') {
      in_tag = false;
      text += ' ';
    }
  }
  return one_line(text, 200);
}

}  // namespace

std::optional<std::int64_t> parse_duration_ms(std::string_view text) {
  double factor = 1000;
  if (text.size() > 2 && text.substr(text.size() - 2) == "ms") {
    factor = 1;
    text.remove_suffix(2);
  } else if (text.size() > 1 && text.back() == 's') {
    text.remove_suffix(1);
  } else {
    return std::nullopt;
  }
  double value = 0;
  double digit_worth = 0;  // 0 = before the decimal point
  bool any_digit = false;
  for (const char c : text) {
    if (is_digit(c)) {
      any_digit = true;
      if (digit_worth == 0) {
        value = value * 10 + (c - '0');
      } else {
        value += (c - '0') * digit_worth;
        digit_worth /= 10;
      }
    } else if (c == '.' && digit_worth == 0) {
      digit_worth = 0.1;
    } else {
      return std::nullopt;
    }
  }
  if (!any_digit || value * factor > 1e12) return std::nullopt;
  return static_cast<std::int64_t>(std::ceil(value * factor - 1e-6));
}

std::optional<ServiceError> find_service_error(const Json& body) {
  if (body.is_array()) {
    for (const Json& item : body) {
      if (auto found = item.is_object() ? find_service_error(item) : std::nullopt) return found;
    }
    return std::nullopt;
  }
  if (!body.is_object()) return std::nullopt;
  ServiceError error;
  const auto wrapped = body.find("error");
  const bool bare_status = wrapped == body.end() && body.contains("message") &&
                           (body.contains("code") || body.contains("status")) &&
                           !body.contains("candidates");
  if (wrapped == body.end() && !bare_status) return std::nullopt;
  const Json& object = bare_status ? body : *wrapped;
  if (object.is_string()) {
    error.message = object.get<std::string>();
  } else if (object.is_object()) {
    const auto code = object.find("code");
    if (code != object.end() && code->is_number_integer()) error.code = code->get<int>();
    error.status = string_or(object, "status");
    error.message = string_or(object, "message");
    const auto details = object.find("details");
    if (details != object.end()) read_details(*details, error);
  } else {
    return std::nullopt;
  }
  unwrap_message(error, 0);
  if (error.code < 300 || error.code > 599) error.code = code_of_status(error.status);
  if (says_limit_zero(error.message)) error.no_quota = true;
  if (!error.retry_delay_ms) error.retry_delay_ms = delay_in_message(error.message);
  return error;
}

Error classify_answer(const HttpHead& head, std::string_view body, const std::string& model) {
  ServiceError error;
  try {
    if (const auto found = find_service_error(parse_json(body))) {
      error = *found;
    } else {
      error.message = one_line(body, 200);
    }
  } catch (const Error&) {
    error.message = readable(body);
  }
  error.code = head.status;
  // Google puts the wait into the body; gateways in front of it use the header.
  const std::string asked = header_value(head.headers, "retry-after");
  if (!asked.empty() && !error.retry_delay_ms)
    error.retry_delay_ms = parse_duration_ms(asked + "s");
  Error result = to_error(error, model);
  result.request_id = header_value(head.headers, "x-request-id");
  return result;
}

Error classify_service_error(const ServiceError& error, const std::string& model) {
  return to_error(error, model);
}

void fail_protocol(const std::string& message, const std::string& reason, bool retryable) {
  Error error(ErrorCode::kProtocol, message);
  error.reason = reason;
  error.retryable = retryable;
  throw error;
}

}  // namespace cartpilot::gemini
