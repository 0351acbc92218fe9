#include "net/http_client.h"

#include <gtest/gtest.h>

#include <chrono>
#include <semaphore>
#include <string>
#include <utility>

#include "bare_server.h"
#include "fakes/loopback_server.h"
#include "recorder.h"

namespace cartpilot::net {
namespace {

using fakes::LoopbackServer;

/// A server that gives every request the same answer.
LoopbackServer::Handler always(int status, HttpHeaders headers, std::string body) {
  return [=](const LoopbackServer::Request&, LoopbackServer::Reply& reply) {
    reply.send(status, headers, body);
  };
}

/// A server that sends these bytes and hangs up.
LoopbackServer::Handler raw(std::string bytes) {
  return [=](const LoopbackServer::Request&, LoopbackServer::Reply& reply) {
    reply.raw(bytes);
    reply.close();
  };
}

TEST(HttpClient, sends_the_request_and_gives_head_and_body) {
  LoopbackServer server(always(201, {{"X-Request-ID", "r1"}}, "created"));
  HttpClient client({true, "cartpilot/9"});
  HttpRequest request = post(server.url() + "/v1/intents?a=%2F", "{\"q\":\"caf\xC3\xA9\"}");
  request.headers = {{"X-API-Key", "k"}};
  Recorder sink;
  client.send(request, sink, CallContext());

  EXPECT_EQ(sink.heads, 1);
  EXPECT_EQ(sink.head.status, 201);
  EXPECT_EQ(header_value(sink.head.headers, "x-request-id"), "r1");
  EXPECT_EQ(sink.events, std::vector<SeenEvent>{body("created")});
  ASSERT_EQ(server.requests().size(), 1U);
  const LoopbackServer::Request seen = server.requests()[0];
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/v1/intents?a=%2F");
  EXPECT_EQ(seen.body, "{\"q\":\"caf\xC3\xA9\"}");
  EXPECT_EQ(seen.headers, (HttpHeaders{{"Host", "127.0.0.1:" + std::to_string(server.port())},
                                       {"X-API-Key", "k"},
                                       {"User-Agent", "cartpilot/9"},
                                       {"Content-Length", "13"}}));
}

TEST(HttpClient, gives_error_statuses_as_answers) {
  for (const int status : {400, 401, 404, 409, 429, 500, 503}) {
    LoopbackServer server(always(status, {}, "{\"error\":true}"));
    HttpClient client;
    const HttpAnswer answer = fetch(client, post(server.url()), CallContext());
    EXPECT_EQ(answer.head.status, status);
    EXPECT_EQ(answer.body, "{\"error\":true}");
  }
}

TEST(HttpClient, gives_an_empty_body_once) {
  for (const int status : {200, 204, 500}) {
    LoopbackServer server(always(status, {}, ""));
    HttpClient client;
    Recorder sink;
    client.send(post(server.url()), sink, CallContext());
    EXPECT_EQ(sink.events, std::vector<SeenEvent>{body("")}) << status;
  }
}

TEST(HttpClient, does_not_follow_redirects) {
  LoopbackServer other(always(200, {}, "elsewhere"));
  for (const int status : {301, 302, 303, 307, 308}) {
    LoopbackServer server(always(status, {{"Location", other.url()}}, "moved"));
    HttpClient client;
    const HttpAnswer answer = fetch(client, post(server.url()), CallContext());
    EXPECT_EQ(answer.head.status, status);
    EXPECT_EQ(answer.body, "moved");
  }
  EXPECT_EQ(other.connections(), 0U);
}

TEST(HttpClient, reads_chunked_bodies_with_extensions_and_trailers) {
  LoopbackServer server(raw(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;name=value\r\nhello\r\n00000A \r\n, big\r\nwor\r\n2\r\nld\r\n0\r\nX-Trailer: t\r\n\r\n"));
  EXPECT_EQ(body_of(get(server.url())), "hello, big\r\nworld");
}

TEST(HttpClient, reads_bodies_that_end_with_the_connection) {
  LoopbackServer server(raw("HTTP/1.0 200 OK\r\n\r\nuntil the end"));
  EXPECT_EQ(body_of(get(server.url())), "until the end");
}

TEST(HttpClient, skips_interim_answers) {
  LoopbackServer server(
      raw("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  HttpClient client;
  const HttpAnswer answer = fetch(client, get(server.url()), CallContext());
  EXPECT_EQ(answer.head.status, 200);
  EXPECT_EQ(answer.head.headers, (HttpHeaders{{"Content-Length", "2"}}));
  EXPECT_EQ(answer.body, "ok");
}

TEST(HttpClient, reads_heads_as_lenient_servers_write_them) {
  LoopbackServer server(
      raw("HTTP/1.1 200\nContent-Length:2\nX-Folded: a\n  b\nX-Empty:\r\n\r\nok"));
  HttpClient client;
  const HttpAnswer answer = fetch(client, get(server.url()), CallContext());
  EXPECT_EQ(answer.head.headers,
            (HttpHeaders{{"Content-Length", "2"}, {"X-Folded", "a b"}, {"X-Empty", ""}}));
  EXPECT_EQ(answer.body, "ok");
}

TEST(HttpClient, gives_no_body_for_head_requests) {
  LoopbackServer server([](const auto&, LoopbackServer::Reply& reply) {
    reply.raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
  });
  HttpClient client;
  HttpRequest request = get(server.url());
  request.method = "HEAD";
  EXPECT_EQ(fetch(client, request, CallContext()).body, "");
  EXPECT_EQ(fetch(client, request, CallContext()).body, "");
  EXPECT_EQ(server.connections(), 1U);
}

TEST(HttpClient, carries_large_bodies_both_ways) {
  std::string large(3 << 20, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 7 % 251);
  LoopbackServer server([](const LoopbackServer::Request& request, LoopbackServer::Reply& reply) {
    reply.send(200, {}, request.body);
  });
  EXPECT_TRUE(body_of(post(server.url(), large)) == large);
}

/// Tells when its call has waited for the other side three times in a row.
class WaitingCall final : public CallContext {
 public:
  bool cancelled() const noexcept override {
    const auto now = std::chrono::steady_clock::now();
    waits_ = now - std::exchange(asked_, now) > std::chrono::milliseconds(10) ? waits_ + 1 : 0;
    if (waits_ == 3) waiting.release();
    return false;
  }
  mutable std::counting_semaphore<> waiting{0};

 private:
  mutable int waits_ = 0;
  mutable std::chrono::steady_clock::time_point asked_ = std::chrono::steady_clock::now();
};

TEST(HttpClient, reads_the_answer_of_a_server_that_hangs_up_on_a_large_request) {
  const WaitingCall context;
  BareServer server([&](int descriptor) {
    char bytes[1024];
    EXPECT_GT(::read(descriptor, bytes, sizeof(bytes)), 0);
    context.waiting.acquire();  // in the middle of send() the client would miss the answer
    constexpr std::string_view kAnswer =
        "HTTP/1.1 413 Content Too Large\r\nContent-Length: 8\r\n\r\ntoo much";
    EXPECT_EQ(::write(descriptor, kAnswer.data(), kAnswer.size()),
              static_cast<ssize_t>(kAnswer.size()));
  });
  HttpClient client;
  const HttpAnswer answer =
      fetch(client, post("http://" + server.address(), std::string(32 << 20, 'x')), context);
  EXPECT_EQ(answer.head.status, 413);
  EXPECT_EQ(answer.body, "too much");
}

}  // namespace
}  // namespace cartpilot::net
