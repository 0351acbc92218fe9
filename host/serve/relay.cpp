#include "serve/relay.h"

#include <optional>
#include <utility>

#include "base/encoding.h"
#include "http/request_headers.h"
#include "mcp/http_headers.h"
#include "text/ascii.h"

namespace cartpilot::host {
namespace {

constexpr const char* kTokenHeader = "X-Cartpilot-Relay";
constexpr const char* kPersonHeader = "X-Cartpilot-Relay-Person";
constexpr const char* kProgramHeader = "X-Cartpilot-Relay-Program";

constexpr std::int64_t kConnectMs = 2'000;
/// Streams are kept alive every 15 s; other answers come at once, but for those of /v1, which
/// waits for the end of a turn.
constexpr std::int64_t kQuietStreamMs = 40'000;
constexpr std::int64_t kQuietAnswerMs = 10'000;
constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;

/// Ends the wait for the other process when the client has closed the connection.
class ClientContext final : public CallContext {
 public:
  explicit ClientContext(mcp::EndpointReply& reply) : reply_(reply) {}
  bool cancelled() const noexcept override {
    try {
      return reply_.client_is_gone();
    } catch (const std::exception&) {
      return true;
    }
  }

 private:
  mcp::EndpointReply& reply_;
};

bool is_passed_on(const std::string& name) {
  for (const char* kept : {"content-type", "content-security-policy", "cache-control",
                           "content-disposition", "x-accel-buffering", "x-content-type-options",
                           "x-frame-options", "referrer-policy", "cross-origin-opener-policy",
                           "cross-origin-resource-policy", "retry-after", "mcp-session-id"}) {
    if (text::lower_case(name) == kept) return true;
  }
  return false;
}

/// Passes an answer back: a stream as it comes, everything else whole.
class AnswerTap final : public net::WireTap, public HttpSink {
 public:
  explicit AnswerTap(mcp::EndpointReply& reply) : reply_(reply) {}

  void on_wire_head(const HttpHead& head) override {
    status_ = head.status;
    for (const auto& header : head.headers) {
      if (is_passed_on(header.first)) headers_.push_back(header);
    }
    streams_ = head.status == 200 &&
               header_value(head.headers, "Content-Type").starts_with("text/event-stream");
    if (streams_) reply_.begin_events(headers_);
  }
  void on_wire_bytes(std::string_view bytes) override {
    if (streams_) {
      reply_.send_lines(std::string(bytes));
    } else {
      body_.append(bytes);
    }
  }
  void on_head(const HttpHead&) override {}
  bool on_event(const HttpEvent&) override { return true; }

  bool streams() const { return streams_; }
  void finish() {
    if (!streams_) reply_.send(status_, headers_, body_);
  }

 private:
  mcp::EndpointReply& reply_;
  int status_ = 0;
  HttpHeaders headers_;
  bool streams_ = false;
  std::string body_;
};

net::HttpClientOptions direct() {
  net::HttpClientOptions options;
  options.use_proxy_environment = false;
  return options;
}

}  // namespace

Relay::Relay(std::string token) : token_(std::move(token)), client_(direct()) {}

void Relay::pass(const mcp::EndpointRequest& request, const RelayedRequest& from,
                 const std::string& address, mcp::EndpointReply& reply) const {
  HttpRequest passed;
  passed.method = request.method;
  passed.url = address + request.path + (request.query.empty() ? "" : "?" + request.query);
  passed.body = request.body;
  for (const char* name :
       {"Content-Type", "Accept", "X-Conversation", "Mcp-Session-Id", "MCP-Protocol-Version"}) {
    const std::string value = only_value(request.headers, name);
    if (!value.empty()) passed.headers.emplace_back(name, value);
  }
  passed.headers.emplace_back(kTokenHeader, token_);
  passed.headers.emplace_back(kPersonHeader, base::base64(from.person));
  if (!from.token_id.empty()) passed.headers.emplace_back(kProgramHeader, from.token_id);
  const bool waits = request.path.ends_with("/events") || request.path.starts_with("/v1/") ||
                     request.path == "/agui";
  passed.fresh_connection = true;
  passed.server_sent_events = waits;
  passed.connect_timeout_ms = kConnectMs;
  passed.idle_timeout_ms = request.path.starts_with("/v1/") ? kDayMs
                           : waits                          ? kQuietStreamMs
                                                            : kQuietAnswerMs;
  passed.total_timeout_ms = kDayMs;
  AnswerTap tap(reply);
  try {
    client_.send(passed, tap, ClientContext(reply), &tap);
  } catch (const Error& error) {
    // A stream that broke is over; the page begins another one.
    if (tap.streams() || error.code == ErrorCode::kCancelled) return;
    Error gone(ErrorCode::kUnavailable,
               "the process that has this conversation does not answer; send the request again in "
               "half a minute");
    gone.reason = "owner_gone";
    throw gone;
  }
  tap.finish();
}

std::optional<RelayedRequest> Relay::relayed(const HttpHeaders& headers) const {
  if (count_of(headers, kTokenHeader) != 1 ||
      !mcp::same_token(only_value(headers, kTokenHeader), token_)) {
    return std::nullopt;
  }
  const auto person = base::from_base64(only_value(headers, kPersonHeader));
  if (!person || person->empty()) return std::nullopt;
  return RelayedRequest{*person, only_value(headers, kProgramHeader)};
}

}  // namespace cartpilot::host
