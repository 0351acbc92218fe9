#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <string>
#include <thread>

#include "bare_server.h"
#include "fakes/loopback_server.h"
#include "net/http_client.h"
#include "recorder.h"

namespace cartpilot::net {
namespace {

using fakes::LoopbackServer;
using Reply = LoopbackServer::Reply;

constexpr std::chrono::seconds kLong{60};
const Failure kReset{ErrorCode::kUnavailable, "reset", true};

LoopbackServer::Handler raw(std::string bytes) {
  return [=](const auto&, Reply& reply) {
    reply.raw(bytes);
    reply.close();
  };
}

/// Sends these bytes and then nothing until the client has gone.
LoopbackServer::Handler stall_after(std::string bytes) {
  return [=](const auto&, Reply& reply) {
    reply.raw(bytes);
    EXPECT_TRUE(reply.wait_for_close(kLong));
  };
}

TEST(HttpClient, calls_a_chunked_body_without_its_end_a_reset) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string whole = "5\r\nhello\r\n3\r\n, w\r\n0\r\n\r\n";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    LoopbackServer server(raw(head + whole.substr(0, cut)));
    // libcurl does not miss the very last line feed.
    const bool complete = cut + 1 >= whole.size();
    EXPECT_EQ(failure_with(get(server.url())), complete ? Failure{} : kReset) << "cut at " << cut;
  }
}

TEST(HttpClient, calls_every_cut_of_a_sized_answer_a_reset) {
  const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX: y\r\n\r\nhello, you!";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    LoopbackServer server(raw(whole.substr(0, cut)));
    const bool complete = cut == whole.size();
    EXPECT_EQ(failure_with(get(server.url())), complete ? Failure{} : kReset) << "cut at " << cut;
  }
}

TEST(HttpClient, calls_a_head_without_its_end_a_reset) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  for (std::size_t cut = 0; cut < head.size(); ++cut) {
    LoopbackServer server(raw(head.substr(0, cut)));
    EXPECT_EQ(failure_with(get(server.url())), kReset) << "cut at " << cut;
  }
}

TEST(HttpClient, calls_an_aborted_connection_a_reset) {
  LoopbackServer before([](const auto&, Reply& reply) { reply.reset(); });
  EXPECT_EQ(failure_with(post(before.url())), kReset);
  EXPECT_EQ(before.requests().size(), 1U);  // a POST is never sent twice

  LoopbackServer during([](const auto&, Reply& reply) {
    reply.raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    reply.reset();
  });
  EXPECT_EQ(failure_with(post(during.url())), kReset);
}

TEST(HttpClient, gives_no_event_of_a_whole_body_that_was_cut) {
  LoopbackServer server(raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"));
  HttpClient client;
  Recorder sink;
  EXPECT_EQ(failure_of([&] { client.send(get(server.url()), sink, CallContext()); }), kReset);
  EXPECT_EQ(sink.events, std::vector<SeenEvent>{});
}

TEST(HttpClient, calls_what_is_not_http_a_protocol_error) {
  for (const char* bytes : {
           "SSH-2.0-OpenSSH_9.2\r\n",
           "\r\n\r\n",
           "HTTP/2.0 200 OK\r\n\r\n",
           "HTTP/1.1 2000 OK\r\n\r\n",
           "HTTP/1.1 abc OK\r\n\r\n",
           "HTTP/1.1 099 OK\r\n\r\n",
           "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
           "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
           "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
           "HTTP/1.1 200 OK\r\n folded into nothing\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
       }) {
    LoopbackServer server(raw(bytes));
    EXPECT_EQ(failure_with(get(server.url())), (Failure{ErrorCode::kProtocol, "http"})) << bytes;
  }
}

TEST(HttpClient, gives_up_on_endless_heads_and_interim_answers) {
  LoopbackServer endless_line(raw("HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x')));
  EXPECT_EQ(failure_with(get(endless_line.url())), (Failure{ErrorCode::kProtocol, "http"}));
  std::string interim;
  for (int i = 0; i < 100; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  LoopbackServer endless_interim(raw(interim));
  EXPECT_EQ(failure_with(get(endless_interim.url())), (Failure{ErrorCode::kProtocol, "http"}));
}

TEST(HttpClient, refuses_a_compressed_answer_and_names_the_coding) {
  LoopbackServer server([](const auto&, Reply& reply) {
    reply.send(200, {{"Content-Encoding", "gzip"}}, "\x1f\x8b");
  });
  HttpClient client;
  const auto error = error_of([&] { fetch(client, get(server.url()), CallContext()); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kProtocol);
  EXPECT_EQ(std::string(error->what()),
            "the answer is compressed (gzip), which was not asked for; check the server or the "
            "proxy in front of it");
}

TEST(HttpClient, refuses_a_body_over_the_limit_in_every_framing) {
  const std::string body(1001, 'x');
  for (const std::string& answer : {
           "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n" + body,
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + body + "\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\n\r\n" + body,
           // One that never ends: the limit must not wait for the end.
           "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n" + body,
       }) {
    LoopbackServer server(raw(answer));
    HttpRequest request = get(server.url());
    request.max_body_bytes = 1000;
    EXPECT_EQ(failure_with(request), (Failure{ErrorCode::kProtocol, "too_large"}));
  }
}

TEST(HttpClient, keeps_the_start_of_an_error_body_over_the_limit) {
  LoopbackServer server(raw("HTTP/1.1 500 Oops\r\n\r\n" + std::string(5000, 'x')));
  HttpClient client;
  HttpRequest request = get(server.url());
  request.max_body_bytes = 1000;
  const HttpAnswer answer = fetch(client, request, CallContext());
  EXPECT_EQ(answer.head.status, 500);
  EXPECT_EQ(answer.body, std::string(1000, 'x'));
}

TEST(HttpClient, says_that_nobody_listens) {
  int port = 0;
  {
    LoopbackServer server(raw(""));
    port = server.port();
  }
  HttpClient client;
  const std::string url = "http://127.0.0.1:" + std::to_string(port);
  const auto error = error_of([&] { fetch(client, post(url), CallContext()); });
  ASSERT_TRUE(error);
  EXPECT_EQ((Failure{error->code, error->reason, error->retryable}),
            (Failure{ErrorCode::kUnavailable, "connect", true}));
  EXPECT_EQ(std::string(error->what()), "cannot connect to 127.0.0.1:" + std::to_string(port) +
                                            ": Connection refused; check the address and that the "
                                            "server is running");
}

TEST(HttpClient, tries_the_next_address_of_a_name) {
  // "localhost" stands for 127.0.0.1 and ::1; the server is on the first only, a client that gives
  // up or waits there would not come back to it.
  LoopbackServer server(raw("HTTP/1.1 200 OK\r\n\r\nok"));
  HttpClient client;
  const std::string url = "http://localhost:" + std::to_string(server.port());
  EXPECT_EQ(fetch(client, get(url), CallContext()).body, "ok");
}

TEST(HttpClient, says_that_a_name_is_unknown) {
  // Longer than DNS allows, so it is never asked of a server.
  const std::string url = "https://" + std::string(64, 'a') + ".invalid/";
  EXPECT_EQ(failure_with(post(url)), (Failure{ErrorCode::kUnavailable, "dns", true}));
}

TEST(HttpClient, refuses_a_bad_url_before_it_connects) {
  LoopbackServer server(raw(""));
  EXPECT_EQ(failure_with(post("http://user:pw@127.0.0.1:" + std::to_string(server.port()))),
            (Failure{ErrorCode::kInvalidArgument, "url"}));
  EXPECT_EQ(server.connections(), 0U);
}

TEST(HttpClient, ends_when_the_server_is_silent_too_long) {
  for (const char* start :
       {"", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0"}) {
    LoopbackServer server(stall_after(start));
    HttpRequest request = get(server.url());
    request.idle_timeout_ms = 30;
    EXPECT_EQ(failure_with(request), (Failure{ErrorCode::kDeadline, "idle_timeout", true}))
        << start;
  }
}

TEST(HttpClient, ends_when_the_whole_answer_takes_too_long) {
  LoopbackServer server([](const auto&, Reply& reply) {
    // Never silent, never done.
    reply.begin_chunked(200, {});
    while (!reply.wait_for_close(std::chrono::milliseconds(5))) reply.chunk("x");
  });
  HttpRequest request = get(server.url());
  request.total_timeout_ms = 60;
  EXPECT_EQ(failure_with(request), (Failure{ErrorCode::kDeadline, "total_timeout"}));
}

TEST(HttpClient, ends_at_the_deadline_of_the_caller) {
  LoopbackServer server(stall_after(""));
  Cancellable context;
  using namespace std::chrono;
  const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch());
  context.deadline = now.count() + 30;
  EXPECT_EQ(failure_with(post(server.url()), context),
            (Failure{ErrorCode::kDeadline, "total_timeout"}));

  LoopbackServer never_asked(raw(""));
  context.deadline = now.count() - 1;
  EXPECT_EQ(failure_with(post(never_asked.url()), context),
            (Failure{ErrorCode::kDeadline, "total_timeout"}));
  EXPECT_EQ(never_asked.connections(), 0U);
}

TEST(HttpClient, does_not_count_the_time_the_sink_takes_as_silence) {
  std::promise<void> sink_done;
  LoopbackServer server([&](const auto&, Reply& reply) {
    reply.begin_chunked(200, {{"Content-Type", "text/event-stream"}});
    reply.chunk("data: a\n\n");
    sink_done.get_future().wait();
    reply.chunk("data: b\n\n");
    reply.end();
  });
  HttpClient client;
  HttpRequest request = get(server.url());
  request.server_sent_events = true;
  request.idle_timeout_ms = 1000;
  Recorder sink;
  sink.on_each = [&](const SeenEvent& seen) {
    if (seen.data == "b") return true;
    // A call that is known to take longer than the silence allowed to the first.
    const BareServer silent;
    HttpRequest slow = get("http://" + silent.address());
    slow.idle_timeout_ms = 1200;
    EXPECT_EQ(failure_with(slow).reason, "idle_timeout");
    sink_done.set_value();
    return true;
  };
  client.send(request, sink, CallContext());
  EXPECT_EQ(sink.events, (std::vector<SeenEvent>{event("a"), event("b")}));
}

TEST(HttpClient, ends_when_another_thread_cancels_in_any_phase_of_the_answer) {
  for (const char* start :
       {"", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\n\r\nendless",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"}) {
    Cancellable context;
    std::thread canceller;
    {
      LoopbackServer server([&](const auto&, Reply& reply) {
        reply.raw(start);
        canceller = std::thread([&context] { context.cancel(); });
        EXPECT_TRUE(reply.wait_for_close(kLong));
      });
      EXPECT_EQ(failure_with(post(server.url()), context), (Failure{ErrorCode::kCancelled, ""}))
          << start;
    }
    canceller.join();
  }
}

TEST(HttpClient, ends_while_the_server_takes_no_bytes) {
  const BareServer server;  // nobody reads, and the request is larger than any buffer
  HttpRequest request = post("http://" + server.address(), std::string(64 << 20, 'x'));
  Cancellable context;
  std::thread canceller([&context] { context.cancel(); });
  EXPECT_EQ(failure_with(request, context), (Failure{ErrorCode::kCancelled, ""}));
  canceller.join();
  request.idle_timeout_ms = 30;
  EXPECT_EQ(failure_with(request), (Failure{ErrorCode::kDeadline, "idle_timeout", true}));
}

TEST(HttpClient, does_not_start_a_call_that_is_cancelled_already) {
  LoopbackServer server(raw(""));
  Cancellable context;
  context.cancel();
  EXPECT_EQ(failure_with(post(server.url()), context), (Failure{ErrorCode::kCancelled, ""}));
  EXPECT_EQ(server.connections(), 0U);
}

}  // namespace
}  // namespace cartpilot::net
