#include "commerce/failure.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/dates.h"
#include "text/redaction.h"

namespace cartpilot::commerce {
namespace {

// A merchant's raw answer can be a whole web page; a message is for reading.
constexpr std::size_t kMaxMessageBytes = 1'000;

constexpr std::string_view kMayHaveRun =
    "; the request may have been carried out, so look before repeating it";

/// `text` without secrets, control characters or line breaks, shortened at a character boundary.
std::string one_line(std::string_view text, std::size_t limit = kMaxMessageBytes) {
  std::string line;
  for (const char c : text::redact(text)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool blank = byte <= 0x20 || byte == 0x7f;
    if (!blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
    if (line.size() > limit) {
      line.resize(limit);
      // Not in the middle of a character: back to a byte that is no UTF-8 continuation, and off it.
      while (!line.empty() && (static_cast<unsigned char>(line.back()) & 0xC0) == 0x80) {
        line.pop_back();
      }
      if (!line.empty() && static_cast<unsigned char>(line.back()) >= 0xC0) line.pop_back();
      return line + "...";
    }
  }
  if (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

bool is_code(std::string_view text) {
  if (text.empty() || text.size() > 64) return false;
  for (const char c : text) {
    if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return true;
}

/// {"body","items",0,"quantity"} as "body.items[0].quantity".
std::string location_text(const Json& loc) {
  if (loc.is_string()) return one_line(loc.get<std::string>(), 200);
  if (!loc.is_array()) return "";
  std::string text;
  for (const Json& step : loc) {
    if (step.is_number_integer()) {
      text += fmt::format("[{}]", dump_json(step));
    } else if (step.is_string()) {
      if (!text.empty()) text += '.';
      text += step.get<std::string>();
    }
  }
  return one_line(text, 200);
}

std::vector<FieldProblem> problems_in(const Json& list, const char* location_key,
                                      const char* message_key) {
  std::vector<FieldProblem> problems;
  if (!list.is_array()) return problems;
  for (const Json& entry : list) {
    if (!entry.is_object()) continue;
    problems.push_back({location_text(entry.value(location_key, Json())),
                        one_line(string_or(entry, message_key, "is not accepted"), 200)});
  }
  return problems;
}

std::string problems_text(const std::vector<FieldProblem>& problems) {
  std::vector<std::string> parts;
  for (const FieldProblem& problem : problems) {
    parts.push_back(problem.location.empty()
                        ? problem.message
                        : fmt::format("{}: {}", problem.location, problem.message));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

/// "[merchant-a] OUT_OF_STOCK: ..." and "[merchant-a] Failed to create quote: {"error_code":...}".
std::string merchant_code_in(std::string_view message) {
  if (message.empty() || message.front() != '[') return "";
  const std::size_t end = message.find("] ");
  if (end == std::string_view::npos) return "";
  const std::string_view rest = message.substr(end + 2);

  const std::string_view first_word = rest.substr(0, rest.find(':'));
  if (first_word.size() < rest.size() && is_code(first_word)) return std::string(first_word);

  const std::size_t brace = rest.find('{');
  if (brace == std::string_view::npos) return "";
  try {
    std::string code = string_or(parse_json(rest.substr(brace)), "error_code");
    return is_code(code) ? code : "";
  } catch (const Error&) {
    return "";
  }
}

std::string advice_for(const std::string& merchant_code) {
  if (merchant_code == "OUT_OF_STOCK") {
    return "tell the person it is sold out and offer another product";
  }
  if (merchant_code == "PRICE_CHANGED") {
    return "quote the checkout again and show the person the new total";
  }
  if (merchant_code == "INVALID_STATE") {
    return "this quote can no longer be bought; quote the checkout again or make a new one";
  }
  if (merchant_code == "QUOTE_FAILED") {
    return "check product_id, variant_id and quantity against the offer";
  }
  return "tell the person";
}

ErrorCode kind_of_status(int status) {
  switch (status) {
    case 401: return ErrorCode::kUnauthenticated;
    case 403: return ErrorCode::kPermission;
    case 404: return ErrorCode::kNotFound;
    case 405: return ErrorCode::kUnsupported;
    case 429: return ErrorCode::kRateLimited;
    default: break;
  }
  if (status >= 500) return ErrorCode::kUnavailable;
  if (status >= 400) return ErrorCode::kInvalidArgument;
  return ErrorCode::kProtocol;
}

std::optional<std::int64_t> unix_ms_of(const std::string& http_date) {
  if (http_date.find("GMT") == std::string::npos) return std::nullopt;
  return base::unix_ms_of_http_date(http_date);
}

/// Until the date in Retry-After, counted from the answer's own Date: two clocks need not agree.
std::optional<std::int64_t> wait_until_date_ms(const HttpHeaders& headers) {
  const auto until = unix_ms_of(header_value(headers, "retry-after"));
  if (!until) return std::nullopt;
  const auto answered = unix_ms_of(header_value(headers, "date"));
  const std::int64_t now = answered ? *answered : base::unix_ms_now();
  return std::max<std::int64_t>(0, *until - now);
}

std::optional<std::int64_t> asked_wait_ms(const HttpHeaders& headers) {
  const auto read = [&](const char* name, std::int64_t unit) -> std::optional<std::int64_t> {
    const std::string value = header_value(headers, name);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (value.empty() || error != std::errc() || end != value.data() + value.size()) return {};
    if (number < 0 || __builtin_mul_overflow(number, unit, &number)) return {};
    return number;
  };
  if (const auto exact = read("retry-after-ms", 1)) return exact;
  if (const auto seconds = read("retry-after", 1'000)) return seconds;
  return wait_until_date_ms(headers);
}

/// What an error body says, whichever shape it has.
struct ErrorBody {
  std::string error_code;
  std::string message;  ///< complete, not yet cut to one line
  std::string request_id;
  std::vector<FieldProblem> problems;
};

ErrorBody read_error_body(std::string_view text) {
  Json json;
  try {
    json = parse_json(text);
  } catch (const Error&) {
    return {};
  }
  if (!json.is_object()) return {};
  const Json detail = json.value("detail", Json());
  // A framework that is not taught to unwrap it puts the error under `detail`.
  const Json& error = detail.is_object() ? detail : json;

  ErrorBody body;
  body.error_code = string_or(error, "error_code");
  if (!is_code(body.error_code)) body.error_code.clear();
  body.message = string_or(error, "message");
  body.request_id = one_line(string_or(error, "request_id"), 200);
  if (detail.is_string()) body.message = detail.get<std::string>();
  body.problems = problems_in(detail, "loc", "msg");
  if (body.problems.empty()) {
    body.problems = problems_in(error.value("details", Json()), "field", "message");
  }
  return body;
}

/// See CartPilotError::own_refusal.
bool is_own_refusal(const net::HttpAnswer& answer) {
  if (!is_json_type(header_value(answer.head.headers, "Content-Type"))) return false;
  try {
    const Json body = parse_json(answer.body);
    return body.is_object() && body.size() == 4 && is_code(string_or(body, "error_code")) &&
           !string_or(body, "message").empty() && body.value("details", Json()).is_array() &&
           !string_or(body, "request_id").empty();
  } catch (const Error&) {
    return false;
  }
}

std::string text_for(const RequestFacts& request, const net::HttpAnswer& answer,
                     const ErrorBody& body) {
  const int status = answer.head.status;
  const std::string said = one_line(body.message);
  const auto with_problems = [&](const std::string& start) {
    return body.problems.empty()
               ? start
               : one_line(fmt::format("{}: {}", start, problems_text(body.problems)));
  };
  if (status == 401) {
    if (!request.has_api_key) {
      return fmt::format("CartPilot at {} needs an API key; set CARTPILOT_API_KEY",
                         request.base_url);
    }
    return fmt::format(
        "CartPilot at {} refused the API key{}; set CARTPILOT_API_KEY to the key of this CartPilot",
        request.base_url, said.empty() ? "" : fmt::format(" ({})", said));
  }
  if (status >= 300 && status < 400) {
    const std::string location = one_line(header_value(answer.head.headers, "Location"), 200);
    return fmt::format(
        "CartPilot at {} answered with a redirect ({}{}), which is never followed; set "
        "CARTPILOT_API_URL to the final address",
        request.base_url, status, location.empty() ? "" : " to " + location);
  }
  if (status == 422) return with_problems("CartPilot refused the request");
  if (status >= 500) {
    return with_problems(fmt::format("CartPilot at {} failed ({}{}); try again later",
                                     request.base_url, status, said.empty() ? "" : ": " + said));
  }
  if (status == 429) {
    return fmt::format("CartPilot at {} has had too many requests (429{}); wait, then try again",
                       request.base_url, said.empty() ? "" : ": " + said);
  }
  if (!body.error_code.empty() && !said.empty()) return with_problems(said);
  // No business error, so what answered may not be CartPilot at all.
  return fmt::format("{} {} was answered {}{} by {}; does CARTPILOT_API_URL point at CartPilot?",
                     request.method, request.target, status, said.empty() ? "" : " " + said,
                     request.base_url);
}

}  // namespace

std::string answered_request_id(const HttpHeaders& headers, const std::string& sent) {
  std::string answered = one_line(header_value(headers, "X-Request-ID"), 200);
  return answered.empty() ? sent : answered;
}

bool is_json_type(std::string_view content_type) {
  std::string type;
  for (const char c : content_type.substr(0, content_type.find(';'))) {
    if (c == ' ' || c == '\t') continue;
    type += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return type == "application/json" ||
         (type.size() > 17 && type.compare(0, 12, "application/") == 0 &&
          type.compare(type.size() - 5, 5, "+json") == 0);
}

CartPilotError failure_of_answer(const RequestFacts& request, const net::HttpAnswer& answer) {
  const int status = answer.head.status;
  ErrorBody body = read_error_body(answer.body);
  CartPilotError error(kind_of_status(status), text_for(request, answer, body));
  error.http_status = status;
  error.retryable = status == 429 || status >= 500;
  error.retry_after_ms = asked_wait_ms(answer.head.headers);
  error.request_id = answered_request_id(
      answer.head.headers, body.request_id.empty() ? request.request_id : body.request_id);
  error.merchant_code = merchant_code_in(body.message);
  error.problems = std::move(body.problems);
  if (!body.error_code.empty()) {
    error.error_code = body.error_code;
  } else {
    error.error_code = status == 422 ? "VALIDATION_ERROR" : fmt::format("HTTP_{}", status);
  }
  error.reason = error.error_code;
  error.own_refusal = is_own_refusal(answer);
  return error;
}

CartPilotError failure_of_transport(const RequestFacts& request, const Error& error) {
  const auto is = [&](std::string_view reason) { return error.reason == reason; };
  const bool may_have_run =
      !(is("url") || is("dns") || is("connect") || is("connect_timeout") || is("tls"));
  const std::string detail = one_line(error.what(), 300);
  std::string code;
  std::string message;
  switch (error.code) {
    case ErrorCode::kCancelled:
      code = "CANCELLED";
      message = "the request to CartPilot was cancelled";
      break;
    case ErrorCode::kDeadline:
      code = "TIMEOUT";
      message =
          fmt::format("CartPilot at {} did not answer in time ({})", request.base_url, detail);
      break;
    case ErrorCode::kProtocol:
      code = "BAD_RESPONSE";
      message = fmt::format("the answer from {} cannot be read ({})", request.base_url, detail);
      break;
    case ErrorCode::kInvalidArgument:
      code = is("url") ? "INVALID_URL" : "NETWORK_ERROR";
      message = fmt::format("CartPilot at {} cannot be asked: {}", request.base_url, detail);
      break;
    default:
      code = "NETWORK_ERROR";
      message = fmt::format("no answer from CartPilot at {} ({}); is CartPilot running?",
                            request.base_url, detail);
      break;
  }
  if (may_have_run && request.method != "GET") message += kMayHaveRun;

  CartPilotError failure(error.code, message);
  failure.error_code = code;
  failure.retryable = error.retryable;
  failure.retry_after_ms = error.retry_after_ms;
  failure.http_status = error.http_status;
  failure.request_id = request.request_id;
  failure.reason = error.reason;
  failure.request_may_have_run = may_have_run;
  return failure;
}

CartPilotError failure_of_reading(const RequestFacts& request, int http_status,
                                  std::string_view why) {
  CartPilotError error(
      ErrorCode::kProtocol,
      fmt::format(
          "the answer from {} cannot be read ({}); does CARTPILOT_API_URL point at CartPilot?{}",
          request.base_url, one_line(why, 300), request.method == "GET" ? "" : kMayHaveRun));
  error.error_code = "BAD_RESPONSE";
  error.reason = error.error_code;
  error.http_status = http_status;
  error.request_id = request.request_id;
  return error;
}

std::string described(const CartPilotError& error) {
  std::string text = error.what();
  if (!error.merchant_code.empty()) {
    text += fmt::format(" (the merchant said {}: {})", error.merchant_code,
                        advice_for(error.merchant_code));
  }
  if (!error.request_id.empty()) text += fmt::format(" [request {}]", error.request_id);
  return text;
}

CartPilotError refused_locally(const std::string& error_code, const std::string& message) {
  CartPilotError error(ErrorCode::kInvalidArgument, message);
  error.error_code = error_code;
  error.reason = error_code;
  error.request_may_have_run = false;
  return error;
}

}  // namespace cartpilot::commerce
