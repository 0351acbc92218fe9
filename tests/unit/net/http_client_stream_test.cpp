#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <string>
#include <vector>

#include "fakes/loopback_server.h"
#include "net/http_client.h"
#include "recorder.h"

namespace cartpilot::net {
namespace {

using fakes::LoopbackServer;
using Reply = LoopbackServer::Reply;
using Events = std::vector<SeenEvent>;

const HttpHeaders kEventStream = {{"Content-Type", "text/event-stream; charset=utf-8"}};

HttpRequest streaming(const LoopbackServer& server) {
  HttpRequest request = post(server.url());
  request.server_sent_events = true;
  return request;
}

Events events_of(int status, const HttpHeaders& headers, const std::string& bytes) {
  LoopbackServer server([&](const auto&, Reply& reply) { reply.send(status, headers, bytes); });
  HttpClient client;
  Recorder sink;
  client.send(streaming(server), sink, CallContext());
  return sink.events;
}

TEST(HttpClientStream, gives_each_event_before_the_next_one_is_sent) {
  std::promise<void> first_seen;
  std::promise<void> second_seen;
  LoopbackServer server([&](const auto&, Reply& reply) {
    reply.begin_chunked(200, kEventStream);
    reply.chunk("data: one\n\n");
    first_seen.get_future().wait();  // hangs, and the test with it, if the client holds it back
    reply.chunk("da");
    reply.chunk("ta: two\n");
    reply.chunk("\n");
    second_seen.get_future().wait();
    reply.end();
  });
  HttpClient client;
  Recorder sink;
  sink.on_each = [&](const SeenEvent& seen) {
    (seen.data == "one" ? first_seen : second_seen).set_value();
    return true;
  };
  client.send(streaming(server), sink, CallContext());
  EXPECT_EQ(sink.events, (Events{event("one"), event("two")}));
}

TEST(HttpClientStream, splits_an_event_stream_only_when_asked_to) {
  LoopbackServer server(
      [](const auto&, Reply& reply) { reply.send(200, kEventStream, "data: a\n\n"); });
  HttpClient client;
  Recorder sink;
  client.send(post(server.url()), sink, CallContext());
  EXPECT_EQ(sink.events, Events{body("data: a\n\n")});
}

TEST(HttpClientStream, gives_other_answers_as_one_body) {
  const std::string json = "[{\"text\": \"data: x\"}]";
  EXPECT_EQ(events_of(200, {{"Content-Type", "application/json"}}, json), Events{body(json)});
  EXPECT_EQ(events_of(200, {}, json), Events{body(json)});
  EXPECT_EQ(events_of(200, {}, ""), Events{body("")});
  EXPECT_EQ(events_of(200, {}, "da"), Events{body("da")});
  EXPECT_EQ(events_of(429, kEventStream, "data: a\n\n"), Events{body("data: a\n\n")});
  EXPECT_EQ(events_of(302, kEventStream, ""), Events{body("")});
}

TEST(HttpClientStream, gives_stray_lines_of_an_event_stream) {
  EXPECT_EQ(events_of(200, kEventStream, "data: a\n\n{\"error\": {\n  \"code\": 1\n}}\n"),
            (Events{event("a"), stray("{\"error\": {\n  \"code\": 1\n}}")}));
}

TEST(HttpClientStream, gives_no_event_of_an_empty_event_stream) {
  EXPECT_EQ(events_of(200, kEventStream, ""), Events{});
}

TEST(HttpClientStream, recognises_an_event_stream_without_a_content_type) {
  for (const std::string start :
       {"", ": ping\n\n", "event: e\n", "id: 1\n", "retry: 5\n", "\xEF\xBB\xBF", "\n\n"}) {
    const std::string name = start == "event: e\n" ? "e" : "";
    EXPECT_EQ(events_of(200, {}, start + "data: a\n\n"), Events{event("a", name)}) << start;
  }
  LoopbackServer server([](const auto&, Reply& reply) {
    reply.begin_chunked(200, {});
    for (const char byte : std::string("\xEF\xBB\xBF"
                                       "data: a\n\ndata: b\n\n")) {
      reply.chunk({&byte, 1});
    }
    reply.end();
  });
  HttpClient client;
  Recorder sink;
  client.send(streaming(server), sink, CallContext());
  EXPECT_EQ(sink.events, (Events{event("a"), event("b")}));
}

TEST(HttpClientStream, that_is_cut_gives_its_whole_events_and_then_the_error) {
  LoopbackServer server([](const auto&, Reply& reply) {
    reply.begin_chunked(200, kEventStream);
    reply.chunk("data: a\n\ndata: half");
    reply.close();
  });
  HttpClient client;
  Recorder sink;
  EXPECT_EQ(failure_of([&] { client.send(streaming(server), sink, CallContext()); }),
            (Failure{ErrorCode::kUnavailable, "reset", true}));
  EXPECT_EQ(sink.events, Events{event("a")});
}

TEST(HttpClientStream, refuses_an_event_over_the_limit) {
  LoopbackServer server([](const auto&, Reply& reply) {
    reply.begin_chunked(200, kEventStream);
    while (!reply.wait_for_close(std::chrono::milliseconds(0))) reply.chunk(std::string(500, 'x'));
  });
  HttpClient client;
  HttpRequest request = streaming(server);
  request.max_body_bytes = 10'000;
  Recorder sink;
  EXPECT_EQ(failure_of([&] { client.send(request, sink, CallContext()); }),
            (Failure{ErrorCode::kProtocol, "too_large"}));
}

TEST(HttpClientStream, ends_when_the_sink_has_enough_and_closes_what_goes_on) {
  std::promise<bool> closed;
  LoopbackServer server([&](const auto&, Reply& reply) {
    reply.begin_chunked(200, kEventStream);
    reply.chunk("data: a\n\n");
    closed.set_value(reply.wait_for_close(std::chrono::seconds(60)));
  });
  HttpClient client;
  Recorder sink;
  sink.on_each = [](const SeenEvent&) { return false; };
  client.send(streaming(server), sink, CallContext());
  EXPECT_EQ(sink.events, Events{event("a")});
  EXPECT_TRUE(closed.get_future().get());
}

TEST(HttpClientStream, keeps_the_connection_when_the_sink_stops_at_the_last_event) {
  LoopbackServer server([](const auto&, Reply& reply) {
    reply.raw(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
        "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
  });
  HttpClient client;
  for (int i = 0; i < 3; ++i) {
    Recorder sink;
    sink.on_each = [](const SeenEvent&) { return false; };
    client.send(streaming(server), sink, CallContext());
    EXPECT_EQ(sink.events, Events{event("[DONE]")});
  }
  EXPECT_EQ(server.connections(), 1U);
}

TEST(HttpClientStream, passes_on_what_the_sink_throws_and_drops_the_connection) {
  LoopbackServer server(
      [](const auto&, Reply& reply) { reply.send(200, kEventStream, "data: a\n\ndata: b\n\n"); });
  HttpClient client;
  Recorder sink;
  sink.on_each = [](const SeenEvent&) -> bool {
    throw Error(ErrorCode::kRateLimited, "inside a 200");
  };
  EXPECT_EQ(failure_of([&] { client.send(streaming(server), sink, CallContext()); }),
            (Failure{ErrorCode::kRateLimited, ""}));
  EXPECT_EQ(failure_of([&] { client.send(streaming(server), sink, CallContext()); }),
            (Failure{ErrorCode::kRateLimited, ""}));
  EXPECT_EQ(server.connections(), 2U);
}

}  // namespace
}  // namespace cartpilot::net
