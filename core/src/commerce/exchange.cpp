// The part of CartPilotClient that sends: base URL, headers, retries of reads, reading of answers.
#include <algorithm>
#include <chrono>
#include <set>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/dates.h"
#include "base/random.h"
#include "base/wait.h"
#include "commerce/client.h"
#include "commerce/failure.h"
#include "net/http_client.h"
#include "net/url_policy.h"
#include "telemetry/span.h"
#include "text/redaction.h"

namespace cartpilot::commerce {
namespace {

constexpr std::uint64_t kMaxAnswerBytes = 8ULL << 20;

bool has_byte_outside(std::string_view text, unsigned char low, unsigned char high) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < low || byte > high) return true;
  }
  return false;
}

/// scheme://host[:port][/prefix], checked and without a trailing slash.
std::string normalised_base_url(const std::string& given) {
  const auto refuse = [](const std::string& why) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("CartPilot's address (CARTPILOT_API_URL) cannot be used: {}", why));
  };
  if (given.empty()) refuse("it is empty; set it like http://localhost:8000");
  net::Target target;
  try {
    target = net::parse_target(given);
  } catch (const Error& error) {
    refuse(error.what());
  }
  if (given.find_first_of("?#") != std::string::npos) refuse("it must end before any ? or #");
  std::string base =
      fmt::format("{}://{}{}", target.tls ? "https" : "http", target.authority(), target.resource);
  while (base.back() == '/') base.pop_back();
  return base;
}

RequestFacts facts_of(const HttpRequest& request, const ClientOptions& options) {
  return {request.method, request.url.substr(options.base_url.size()), options.base_url,
          header_value(request.headers, "X-Request-ID"), !options.api_key.empty()};
}

/// The word of a server is taken only from this machine: play money must be play money.
std::string sandbox_in(const HttpHeaders& headers, const std::string& base_url) {
  constexpr std::size_t kMaxIdBytes = 64;
  const std::string id = header_value(headers, "X-CartPilot-Sandbox");
  const bool plain = !id.empty() && id.size() <= kMaxIdBytes && !has_byte_outside(id, '-', 'z');
  return plain && net::parse_target(base_url).loopback ? id : "";
}

/// "/checkouts/{id}/quote" of "/checkouts/5f0f.../quote?...": what has few values.
std::string route_of(std::string_view target) {
  static const std::set<std::string_view> kWords = {
      "approve", "cancel",    "checkouts", "confirm",          "events",          "health",
      "intents", "merchants", "offers",    "orders",           "quote",           "ready",
      "refund",  "webhooks",  "",          "request-approval", "simulate-advance"};
  target = target.substr(0, target.find('?'));
  std::string route;
  for (std::size_t begin = 0; begin < target.size();) {
    const std::size_t end = std::min(target.find('/', begin + 1), target.size());
    const std::string_view word = target.substr(begin + 1, end - begin - 1);
    route += "/";
    route += kWords.count(word) != 0 ? word : "{id}";
    begin = end;
  }
  return route;
}

}  // namespace

CartPilotClient::CartPilotClient(ClientOptions options, HttpTransport& transport)
    : options_(std::move(options)), transport_(transport) {
  options_.base_url = normalised_base_url(options_.base_url);
  if (has_byte_outside(options_.api_key, 0x20, 0x7e)) {
    throw Error(ErrorCode::kInvalidArgument,
                "CARTPILOT_API_KEY holds a line break or another character a key cannot have");
  }
  if (!options_.random) options_.random = base::random_fraction;
}

HttpRequest CartPilotClient::request_for(const std::string& method,
                                         const std::string& target) const {
  HttpRequest request;
  request.method = method;
  request.url = options_.base_url + target;
  if (!options_.api_key.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + options_.api_key);
  }
  request.headers.emplace_back("X-Request-ID", base::random_uuid());
  request.connect_timeout_ms = options_.connect_timeout_ms;
  request.idle_timeout_ms = options_.total_timeout_ms;
  request.total_timeout_ms = options_.total_timeout_ms;
  request.max_body_bytes = kMaxAnswerBytes;
  return request;
}

HttpRequest CartPilotClient::post_request(const std::string& target, const Json& body,
                                          const WriteOptions& write) const {
  HttpRequest request = request_for("POST", target);
  request.headers.emplace_back("Content-Type", "application/json");
  if (!write.idempotency_key.empty()) {
    if (write.idempotency_key.size() > 255 || has_byte_outside(write.idempotency_key, 0x21, 0x7e)) {
      throw refused_locally("INVALID_ARGUMENT",
                            "idempotency_key must be at most 255 printable ASCII characters "
                            "without blanks");
    }
    request.headers.emplace_back("Idempotency-Key", write.idempotency_key);
  }
  request.body = dump_json(body);
  return request;
}

CartPilotClient::RawAnswer CartPilotClient::get(const std::string& target,
                                                const CallContext& context) const {
  // One request id for all tries: to the person it is one request.
  const HttpRequest request = request_for("GET", target);
  std::int64_t waited_ms = 0;
  bool reached_before = false;
  for (int attempt = 1;; ++attempt) {
    try {
      return send_once(request, context);
    } catch (CartPilotError& error) {
      error.request_may_have_run = error.request_may_have_run || reached_before;
      reached_before = error.request_may_have_run;
      if (!error.retryable) throw;
      const auto wait_ms = base::retry_wait_ms(options_.read_retries, error, attempt + 1, waited_ms,
                                               options_.random);
      if (!wait_ms) throw;
      const std::int64_t deadline = context.deadline_unix_ms();
      if (deadline != 0 && base::unix_ms_now() + *wait_ms >= deadline) throw;
      wait(*wait_ms, context);
      waited_ms += *wait_ms;
    }
  }
}

CartPilotClient::RawAnswer CartPilotClient::post(const std::string& target, const Json& body,
                                                 const WriteOptions& write,
                                                 const CallContext& context) const {
  return send_once(post_request(target, body, write), context);
}

CartPilotClient::RawAnswer CartPilotClient::post_money(const std::string& target, const Json& body,
                                                       const WriteOptions& write,
                                                       const CallContext& context) const {
  HttpRequest request = post_request(target, body, write);
  request.fresh_connection = true;
  return send_once(request, context);
}

CartPilotClient::RawAnswer CartPilotClient::send_once(const HttpRequest& request,
                                                      const CallContext& context) const {
  const std::string route =
      telemetry::sink() == nullptr ? "" : route_of(facts_of(request, options_).target);
  telemetry::Span span(request.method + " " + route, telemetry::SpanKind::kClient);
  if (!span.context().valid()) return exchange(request, context);
  const net::Target server = net::parse_target(options_.base_url);
  span.set("http.request.method", request.method);
  span.set("url.template", route);
  span.set("server.address", server.host);
  span.set("server.port", server.port);
  span.set("cartpilot.request.id", header_value(request.headers, "X-Request-ID"));
  HttpRequest traced = request;
  traced.headers.emplace_back("traceparent", span.context().traceparent());
  try {
    RawAnswer raw = exchange(traced, context);
    span.set("http.response.status_code", raw.status);
    span.set("cartpilot.response.request_id", raw.request_id);
    return raw;
  } catch (const CartPilotError& error) {
    if (error.http_status != 0) span.set("http.response.status_code", error.http_status);
    span.set("cartpilot.response.request_id", error.request_id);
    span.fail(error.error_code);
    throw;
  }
}

CartPilotClient::RawAnswer CartPilotClient::exchange(const HttpRequest& request,
                                                     const CallContext& context) const {
  RequestFacts facts = facts_of(request, options_);
  net::HttpAnswer answer;
  if (context.cancelled()) {
    CartPilotError cancelled =
        refused_locally("CANCELLED", "cancelled before the request to CartPilot was sent");
    cancelled.code = ErrorCode::kCancelled;
    cancelled.request_id = facts.request_id;
    throw cancelled;
  }
  try {
    answer = net::fetch(transport_, request, context);
  } catch (const Error& error) {
    throw failure_of_transport(facts, error);
  }
  const int status = answer.head.status;
  if (status < 200 || status >= 300) throw failure_of_answer(facts, answer);

  facts.request_id = answered_request_id(answer.head.headers, facts.request_id);
  const std::string type = header_value(answer.head.headers, "Content-Type");
  if (answer.body.empty()) throw failure_of_reading(facts, status, "it is empty");
  if (!type.empty() && !is_json_type(type)) {
    throw failure_of_reading(facts, status, fmt::format("it is {}, not JSON", type));
  }
  RawAnswer raw{Json(),
                request.method,
                status,
                facts.request_id,
                base::unix_ms_of_http_date(header_value(answer.head.headers, "Date")),
                sandbox_in(answer.head.headers, options_.base_url)};
  try {
    raw.json = text::redacted(parse_json(answer.body, "it"));  // a server may echo the key
  } catch (const Error& error) {
    throw failure_of_reading(facts, status, error.what());
  }
  return raw;
}

void CartPilotClient::wait(std::int64_t wait_ms, const CallContext& context) const {
  if (options_.wait) {
    options_.wait(wait_ms, context);
    return;
  }
  // send_once() reports the cancellation.
  base::wait_unless_cancelled(std::chrono::milliseconds(wait_ms), context);
}

}  // namespace cartpilot::commerce
