#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "bare_server.h"
#include "environment_variable.h"
#include "fakes/loopback_server.h"
#include "net/http_client.h"
#include "recorder.h"
#include "tls_test_server.h"

namespace cartpilot::net {
namespace {

using fakes::LoopbackServer;
using Reply = LoopbackServer::Reply;

void ok(const LoopbackServer::Request& request, Reply& reply) { reply.send(200, {}, request.body); }

TEST(HttpClientReuse, sends_one_call_after_the_other_on_one_connection) {
  LoopbackServer server(ok);
  HttpClient client;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(fetch(client, post(server.url(), "x"), CallContext()).body, "x");
  }
  EXPECT_EQ(server.connections(), 1U);
  EXPECT_EQ(server.requests().size(), 20U);
}

TEST(HttpClientReuse, is_shared_by_threads_and_never_mixes_up_answers) {
  LoopbackServer server(ok);
  HttpClient client;
  constexpr int kThreads = 8;
  constexpr int kCalls = 50;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCalls; ++i) {
        const std::string text = std::to_string(t) + "/" + std::to_string(i);
        EXPECT_EQ(fetch(client, post(server.url(), text), CallContext()).body, text);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(server.requests().size(), static_cast<std::size_t>(kThreads * kCalls));
  EXPECT_LE(server.connections(), static_cast<std::size_t>(kThreads));
}

TEST(HttpClientReuse, does_not_share_a_connection_between_two_servers) {
  LoopbackServer first([](const auto&, Reply& reply) { reply.send(200, {}, "first"); });
  LoopbackServer second([](const auto&, Reply& reply) { reply.send(200, {}, "second"); });
  HttpClient client;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(fetch(client, get(first.url()), CallContext()).body, "first");
    EXPECT_EQ(fetch(client, get(second.url()), CallContext()).body, "second");
  }
  EXPECT_EQ(first.connections() + second.connections(), 2U);
}

TEST(HttpClientReuse, is_ruled_out_before_and_after_a_fresh_connection) {
  LoopbackServer server(ok);
  HttpClient client;
  HttpRequest money = post(server.url());
  money.fresh_connection = true;
  fetch(client, get(server.url()), CallContext());
  fetch(client, money, CallContext());
  fetch(client, money, CallContext());
  fetch(client, get(server.url()), CallContext());
  std::vector<std::size_t> connections;
  for (const auto& request : server.requests()) connections.push_back(request.connection);
  EXPECT_EQ(connections, (std::vector<std::size_t>{0, 1, 2, 0}));
}

TEST(HttpClientReuse, is_ruled_out_after_a_fresh_connection_the_server_would_keep) {
  std::atomic<int> connections{0};
  BareServer server([&](int descriptor) {
    ++connections;
    char bytes[4096];
    // The requests of this test are small enough to come in one piece.
    while (::read(descriptor, bytes, sizeof(bytes)) > 0) {
      constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
      EXPECT_EQ(::write(descriptor, kAnswer.data(), kAnswer.size()),
                static_cast<ssize_t>(kAnswer.size()));
    }
  });
  HttpClient client;
  HttpRequest money = post("http://" + server.address());
  money.fresh_connection = true;
  fetch(client, money, CallContext());
  fetch(client, get("http://" + server.address()), CallContext());
  EXPECT_EQ(connections.load(), 2);
}

TEST(HttpClientReuse, ends_where_the_server_says_so) {
  for (const char* answer : {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
                             "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"}) {
    LoopbackServer server([=](const auto&, Reply& reply) { reply.raw(answer); });
    HttpClient client;
    EXPECT_EQ(fetch(client, get(server.url()), CallContext()).body, "ok");
    EXPECT_EQ(fetch(client, get(server.url()), CallContext()).body, "ok");
    EXPECT_EQ(server.connections(), 2U) << answer;
  }
}

TEST(HttpClientReuse, passes_over_a_connection_the_server_closed_meanwhile) {
  std::counting_semaphore<> closed(0);
  LoopbackServer server([&](const LoopbackServer::Request& request, Reply& reply) {
    reply.send(200, {}, request.body);
    reply.close();
    closed.release();
  });
  HttpClient client;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(fetch(client, post(server.url(), "x"), CallContext()).body, "x");
    closed.acquire();
  }
  EXPECT_EQ(server.connections(), 5U);
}

TEST(HttpClientReuse, passes_over_a_connection_that_is_out_of_step) {
  LoopbackServer server([](const auto&, Reply& reply) {
    reply.raw(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
  });
  HttpClient client;
  EXPECT_EQ(fetch(client, get(server.url()), CallContext()).body, "ok");
  EXPECT_EQ(fetch(client, get(server.url()), CallContext()).body, "ok");
  EXPECT_EQ(server.connections(), 2U);
}

TEST(HttpClientReuse, passes_over_a_connection_that_got_out_of_step_meanwhile) {
  std::promise<void> first_read;
  std::promise<void> forged;
  std::atomic<int> connections{0};
  BareServer server([&](int descriptor) {
    char bytes[4096];
    const auto answer = [&](std::string_view text) {
      EXPECT_EQ(::write(descriptor, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    };
    EXPECT_GT(::read(descriptor, bytes, sizeof bytes), 0);
    const bool first = connections++ == 0;
    answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    if (!first) return;
    first_read.get_future().wait();
    answer("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
    forged.set_value();
    EXPECT_LE(::read(descriptor, bytes, sizeof bytes), 0);  // nothing more is asked here
  });
  HttpClient client;
  EXPECT_EQ(fetch(client, get("http://" + server.address()), CallContext()).body, "ok");
  first_read.set_value();
  forged.get_future().wait();
  EXPECT_EQ(fetch(client, get("http://" + server.address()), CallContext()).body, "ok");
  EXPECT_EQ(connections.load(), 2);
}

TEST(HttpClientReuse, passes_over_a_tls_connection_that_is_out_of_step) {
  const TestCertificate certificate("IP:127.0.0.1");
  const Variable trust("SSL_CERT_FILE", certificate.file());
  std::promise<void> head_read;
  std::atomic<int> connections{0};
  TlsTestServer server(certificate, [&](TlsTestServer::Stream& stream) {
    stream.read_head();
    if (connections++ > 0) {
      stream.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      return;
    }
    stream.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    head_read.get_future().wait();
    // In one TLS record, of which the client needs the beginning only.
    stream.write("okHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
    EXPECT_EQ(stream.read_head(), "");
  });
  struct Head final : HttpSink {
    void on_head(const HttpHead&) override { promise.set_value(); }
    bool on_event(const HttpEvent&) override { return true; }
    std::promise<void>& promise;
    explicit Head(std::promise<void>& given) : promise(given) {}
  } sink(head_read);
  HttpClient client;
  client.send(get(server.url()), sink, CallContext());
  EXPECT_EQ(fetch(client, get(server.url()), CallContext()).body, "ok");
  EXPECT_EQ(connections.load(), 2);
}

/// Answers the first request of each connection and aborts at the second: what a server does that
/// closes an idle connection in the very moment it is used again.
void abort_second_request(const LoopbackServer::Request& request, Reply& reply) {
  if (request.target == "/second" && request.connection == 0) {
    reply.reset();
    return;
  }
  reply.send(200, {}, "ok");
}

TEST(HttpClientReuse, repeats_a_get_whose_reused_connection_died) {
  LoopbackServer server(abort_second_request);
  HttpClient client;
  fetch(client, get(server.url() + "/first"), CallContext());
  EXPECT_EQ(fetch(client, get(server.url() + "/second"), CallContext()).body, "ok");
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST(HttpClientReuse, repeats_a_get_only_once_and_only_when_nothing_was_heard) {
  LoopbackServer server([](const LoopbackServer::Request& request, Reply& reply) {
    if (request.target == "/first") {
      reply.send(200, {}, "ok");
    } else if (request.target == "/silent") {
      reply.reset();
    } else {
      reply.raw("HTTP/1.1 200 OK\r\n");
      reply.close();
    }
  });
  const Failure reset{ErrorCode::kUnavailable, "reset", true};
  HttpClient client;
  fetch(client, get(server.url() + "/first"), CallContext());
  EXPECT_EQ(failure_of([&] { fetch(client, get(server.url() + "/silent"), CallContext()); }),
            reset);
  EXPECT_EQ(server.requests().size(), 3U);
  fetch(client, get(server.url() + "/first"), CallContext());
  EXPECT_EQ(failure_of([&] { fetch(client, get(server.url() + "/half"), CallContext()); }), reset);
  EXPECT_EQ(server.requests().size(), 5U);
}

TEST(HttpClientReuse, does_not_keep_a_connection_after_a_failure) {
  std::atomic<int> calls{0};
  LoopbackServer server([&](const auto&, Reply& reply) {
    if (calls++ == 0) {
      reply.raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
      reply.wait_for_close(std::chrono::seconds(60));
    } else {
      reply.send(200, {}, "ok");
    }
  });
  HttpClient client;
  HttpRequest request = get(server.url());
  request.idle_timeout_ms = 30;
  EXPECT_EQ(failure_of([&] { fetch(client, request, CallContext()); }).reason, "idle_timeout");
  EXPECT_EQ(fetch(client, get(server.url()), CallContext()).body, "ok");
  EXPECT_EQ(server.connections(), 2U);
}

}  // namespace
}  // namespace cartpilot::net
