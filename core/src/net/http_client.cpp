#include "net/http_client.h"

#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "net/answer_delivery.h"
#include "net/body_reader.h"
#include "net/call_limits.h"
#include "net/connection_pool.h"
#include "net/connector.h"
#include "net/failure.h"
#include "net/http_message.h"
#include "net/proxy.h"
#include "net/url_policy.h"

namespace cartpilot::net {
namespace {

/// Bodies up to this size travel in one packet with their head.
constexpr std::size_t kSmallBody = 64 * 1024;

/// A sink that has what it wanted leaves the last bytes of the answer behind (the end of a chunked
/// stream, after the vendor's last event). They are on their way: fetching them saves the next call
/// a handshake. An answer that goes on is closed instead.
constexpr std::chrono::milliseconds kLastBytes{10};
constexpr std::size_t kMaxLastBytes = 4096;

void reach_end(BodyReader& body, const CallContext& context) {
  CallLimits limits(kLastBytes, context);
  try {
    for (std::size_t skipped = 0; skipped <= kMaxLastBytes;) {
      const std::string_view piece = body.next(limits);
      if (piece.empty()) return;
      skipped += piece.size();
    }
  } catch (const Error&) {  // not ended, so the connection will not be kept
  }
}

void refuse_codings(const HttpHead& head) {
  const std::string coding = header_value(head.headers, "Content-Encoding");
  if (coding.empty() || equal_ignoring_case(coding, "identity")) return;
  std::string shown = coding.substr(0, 32);
  for (char& c : shown) {
    if (c < 0x20 || c > 0x7E) c = '?';
  }
  fail_protocol("http", fmt::format("the answer is compressed ({}), which was not asked for; check "
                                    "the server or the proxy in front of it",
                                    shown));
}

bool may_repeat(const std::string& method) { return method == "GET" || method == "HEAD"; }

}  // namespace

struct HttpClient::Impl {
  /// Sends the request and reads the head of the answer.
  AnswerHead exchange(Connection& connection, const std::string& head, std::string_view body,
                      CallLimits& limits) {
    connection.forget();
    try {
      if (body.size() <= kSmallBody) {
        connection.send(fmt::format("{}{}", head, body), limits);
      } else {
        connection.send(head, limits);
        connection.send(body, limits);
      }
    } catch (const Error& error) {
      if (error.reason != "reset") throw;
      // Who hangs up on a request has often said why ("413").
      try {
        AnswerHead answer = read_head(connection, limits);
        answer.keep_alive = false;
        return answer;
      } catch (const Error&) {
        throw error;
      }
    }
    return read_head(connection, limits);
  }

  HttpClientOptions options;
  ProxySettings proxies;
  Connector connector;
  ConnectionPool pool;
};

HttpClient::HttpClient(HttpClientOptions options) : impl_(std::make_unique<Impl>()) {
  if (options.use_proxy_environment) impl_->proxies = proxies_of_environment();
  impl_->options = std::move(options);
}

HttpClient::~HttpClient() = default;

void HttpClient::expect_https() { impl_->connector.prepare_tls(); }

void HttpClient::await_https() { impl_->connector.await_tls(); }

void HttpClient::send(const HttpRequest& request, HttpSink& sink, const CallContext& context) {
  const Target target = parse_target(request.url);
  const std::string head = request_head(request, target, impl_->options.user_agent);
  const std::optional<Proxy> proxy = impl_->proxies.proxy_for(target);
  const std::string key = (target.tls ? "https " : "http ") + target.address();
  CallLimits limits(request, context);
  limits.check();

  std::unique_ptr<Connection> connection;
  if (!request.fresh_connection) connection = impl_->pool.take(key);
  AnswerHead answer;
  for (;;) {
    const bool reused = connection != nullptr;
    if (!reused) connection = impl_->connector.connect(target, proxy, limits);
    limits.connected();
    try {
      answer = impl_->exchange(*connection, head, request.body, limits);
      break;
    } catch (const Error& error) {
      const bool died_unheard = error.reason == "reset" && !connection->heard();
      if (!reused || !died_unheard || !may_repeat(request.method)) throw;
    }
    connection.reset();
    limits.connect_again();
  }

  refuse_codings(answer.head);
  BodyReader body(*connection, framing_of(answer.head, request.method));
  sink.on_head(answer.head);
  const bool wanted_more = deliver(body, request, answer.head, sink, limits);
  if (!answer.keep_alive || request.fresh_connection) return;
  if (!wanted_more && !body.ended()) reach_end(body, context);
  if (body.ended()) impl_->pool.put(key, std::move(connection));
}

HttpAnswer fetch(HttpTransport& transport, const HttpRequest& request, const CallContext& context) {
  struct Collector final : HttpSink {
    void on_head(const HttpHead& head) override { answer.head = head; }
    bool on_event(const HttpEvent& event) override {
      answer.body.append(event.data);
      return true;
    }
    HttpAnswer answer;
  };
  Collector collector;
  transport.send(request, collector, context);
  return std::move(collector.answer);
}

}  // namespace cartpilot::net
