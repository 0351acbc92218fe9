#include <gtest/gtest.h>
#include <openssl/err.h>
#include <signal.h>

#include <future>
#include <string>
#include <thread>

#include "environment_variable.h"
#include "fakes/loopback_server.h"
#include "net/http_client.h"
#include "recorder.h"
#include "tls_test_server.h"

namespace cartpilot::net {
namespace {

const Failure kRefused{ErrorCode::kUnavailable, "tls"};

TEST(HttpClientTls, refuses_a_certificate_nobody_vouches_for) {
  const TestCertificate certificate("IP:127.0.0.1");
  TlsTestServer server(certificate, serve_ok);
  HttpClient client;
  const auto error = error_of([&] { fetch(client, get(server.url()), CallContext()); });
  ASSERT_TRUE(error);
  EXPECT_EQ((Failure{error->code, error->reason, error->retryable}), kRefused);
  EXPECT_EQ(std::string(error->what()),
            "the certificate of 127.0.0.1 was refused: self-signed certificate; check the address "
            "and the system's certificates");
}

TEST(HttpClientTls, talks_to_a_server_whose_certificate_is_trusted) {
  const TestCertificate certificate("IP:127.0.0.1,DNS:localhost");
  const Variable trust("SSL_CERT_FILE", certificate.file());
  TlsTestServer server(certificate, serve_ok);
  HttpClient client;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(fetch(client, get(server.url()), CallContext()).body, "ok");
  }
  EXPECT_EQ(server.names().size(), 1U);  // one connection for the three calls
  // The server above serves one connection at a time; this one has it to itself.
  TlsTestServer by_name(certificate, serve_ok);
  const std::string url = "https://localhost:" + std::to_string(by_name.port());
  EXPECT_EQ(fetch(client, get(url), CallContext()).body, "ok");
  EXPECT_EQ(by_name.names(), std::vector<std::string>{"localhost"});
}

TEST(HttpClientTls, takes_the_way_through_a_proxy_and_checks_the_server_behind_it) {
  const TestCertificate certificate("DNS:*.shop.example");
  const Variable trust("SSL_CERT_FILE", certificate.file());
  TlsTestServer server(certificate, serve_ok, true);
  const Variable proxy("https_proxy",
                       "http://user:pass@127.0.0.1:" + std::to_string(server.port()));
  const Variable direct("no_proxy", "");
  HttpClient client;
  EXPECT_EQ(fetch(client, get("https://api.shop.example/v1"), CallContext()).body, "ok");
  EXPECT_EQ(fetch(client, get("https://api.shop.example/v2"), CallContext()).body, "ok");
  EXPECT_EQ(server.names(), std::vector<std::string>{"api.shop.example"});
  EXPECT_EQ(server.connects(),
            std::vector<std::string>{"CONNECT api.shop.example:443 HTTP/1.1\r\n"
                                     "Host: api.shop.example:443\r\n"
                                     "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"
                                     "Proxy-Connection: Keep-Alive\r\n\r\n"});
}

TEST(HttpClientTls, gives_the_proxy_the_credentials_of_its_url) {
  const TestCertificate certificate("DNS:api.shop.example");
  const Variable trust("SSL_CERT_FILE", certificate.file());
  const Variable direct("no_proxy", "");
  for (const auto& [written, sent] : {std::pair{"user:p%40ss", "dXNlcjpwQHNz"},
                                      {"user:p^a|s@s", "dXNlcjpwXmF8c0Bz"},
                                      {"dom\\user:p", "ZG9tXHVzZXI6cA=="},
                                      {"user", "dXNlcjo="}}) {
    TlsTestServer server(certificate, serve_ok, true);
    const Variable proxy("https_proxy", std::string("http://") + written +
                                            "@127.0.0.1:" + std::to_string(server.port()));
    EXPECT_EQ(body_of(get("https://api.shop.example/")), "ok");
    ASSERT_EQ(server.connects().size(), 1U);
    EXPECT_NE(
        server.connects()[0].find(std::string("\r\nProxy-Authorization: Basic ") + sent + "\r\n"),
        std::string::npos)
        << server.connects()[0];
  }
}

TEST(HttpClientTls, sends_no_header_of_the_request_to_the_proxy) {
  const TestCertificate certificate("DNS:api.shop.example");
  const Variable trust("SSL_CERT_FILE", certificate.file());
  TlsTestServer server(certificate, serve_ok, true);
  const Variable proxy("https_proxy", "http://127.0.0.1:" + std::to_string(server.port()));
  const Variable direct("no_proxy", "");
  HttpRequest request = get("https://api.shop.example/path?secret");
  request.headers = {{"X-API-Key", "secret"}, {"Authorization", "secret"}};
  EXPECT_EQ(body_of(request), "ok");
  EXPECT_EQ(server.connects(), std::vector<std::string>{"CONNECT api.shop.example:443 HTTP/1.1\r\n"
                                                        "Host: api.shop.example:443\r\n"
                                                        "Proxy-Connection: Keep-Alive\r\n\r\n"});
}

TEST(HttpClientTls, names_the_proxy_that_refuses) {
  for (const auto& [status, retryable] : {std::pair{407, false}, std::pair{502, true}}) {
    fakes::LoopbackServer server([&, code = status](const auto&, auto& reply) {
      reply.send(code, {{"Connection", "close"}}, "no");
    });
    const std::string address = "127.0.0.1:" + std::to_string(server.port());
    const Variable proxy("https_proxy", address);
    const Variable direct("no_proxy", "");
    HttpClient client;
    const auto error =
        error_of([&] { fetch(client, post("https://api.shop.example/"), CallContext()); });
    ASSERT_TRUE(error);
    EXPECT_EQ((Failure{error->code, error->reason, error->retryable}),
              (Failure{ErrorCode::kUnavailable, "connect", retryable}));
    EXPECT_NE(std::string(error->what()).find("the proxy " + address + " refused"),
              std::string::npos)
        << error->what();
    ASSERT_EQ(server.requests().size(), 1U);
    EXPECT_EQ(server.requests()[0].body, "");  // nothing of the request itself
  }
}

TEST(HttpClientTls, refuses_plain_http_off_loopback_before_it_reaches_the_proxy) {
  fakes::LoopbackServer server([](const auto&, auto& reply) { reply.send(200, {}, ""); });
  const Variable one("http_proxy", server.url());
  const Variable two("https_proxy", server.url());
  const Variable direct("no_proxy", "");
  EXPECT_EQ(failure_with(post("http://api.shop.example/")),
            (Failure{ErrorCode::kInvalidArgument, "url"}));
  EXPECT_EQ(server.connections(), 0U);
}

TEST(HttpClientTls, calls_a_server_that_does_not_speak_tls_a_tls_failure) {
  BareServer server([](int descriptor) {
    char bytes[512];
    if (::read(descriptor, bytes, sizeof(bytes)) > 0) {
      constexpr std::string_view kPlain = "HTTP/1.1 400 Bad Request\r\n\r\n";
      EXPECT_EQ(::write(descriptor, kPlain.data(), kPlain.size()),
                static_cast<ssize_t>(kPlain.size()));
    }
  });
  EXPECT_EQ(failure_with(get("https://" + server.address())),
            (Failure{ErrorCode::kUnavailable, "tls", true}));
}

TEST(HttpClientTls, calls_a_connection_closed_in_the_handshake_a_tls_failure) {
  BareServer server([](int descriptor) {
    char byte = 0;
    EXPECT_EQ(::read(descriptor, &byte, 1), 1);
  });
  EXPECT_EQ(failure_with(get("https://" + server.address())),
            (Failure{ErrorCode::kUnavailable, "tls", true}));
}

TEST(HttpClientTls, calls_every_cut_of_an_answer_a_reset) {
  const TestCertificate certificate("IP:127.0.0.1");
  const Variable trust("SSL_CERT_FILE", certificate.file());
  const struct {
    std::string answer;
    std::size_t needed;  // bytes; the very last line feed of chunks is not missed by libcurl
  } cases[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 43},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 61},
      {"HTTP/1.1 200 OK\r\n\r\nwhere does it end", std::string::npos},
  };
  for (const auto& example : cases) {
    for (const bool close_notify : {false, true}) {
      std::size_t cut = 0;
      TlsTestServer server(certificate, [&](TlsTestServer::Stream& stream) {
        stream.read_head();
        if (cut > 0) stream.write(example.answer.substr(0, cut));
        if (close_notify) stream.send_close_notify();
      });
      for (; cut <= example.answer.size(); ++cut) {
        EXPECT_EQ(
            failure_with(get(server.url())),
            cut >= example.needed ? Failure{} : (Failure{ErrorCode::kUnavailable, "reset", true}))
            << "cut at " << cut << ": " << example.answer;
      }
    }
  }
}

TEST(HttpClientTls, reads_the_answer_of_a_server_that_refuses_a_large_request) {
  std::promise<void> over;
  const TestCertificate certificate("IP:127.0.0.1");
  const Variable trust("SSL_CERT_FILE", certificate.file());
  TlsTestServer server(certificate, [&](TlsTestServer::Stream& stream) {
    stream.read_head();
    stream.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 8\r\n\r\ntoo much");
    over.get_future().wait();  // closing at once could overtake the answer
  });
  HttpClient client;
  const HttpAnswer answer =
      fetch(client, post(server.url(), std::string(32 << 20, 'x')), CallContext());
  over.set_value();
  EXPECT_EQ(answer.head.status, 413);
  EXPECT_EQ(answer.body, "too much");
}

TEST(HttpClientTls, ends_its_connections_with_close_notify) {
  const TestCertificate certificate("IP:127.0.0.1");
  const Variable trust("SSL_CERT_FILE", certificate.file());
  for (const bool kept : {true, false}) {
    std::promise<bool> polite;
    TlsTestServer server(certificate, [&](TlsTestServer::Stream& stream) {
      stream.read_head();
      stream.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      polite.set_value(stream.receives_close_notify());
    });
    {
      HttpClient client;
      HttpRequest request = get(server.url());
      request.fresh_connection = !kept;
      fetch(client, request, CallContext());
    }
    EXPECT_TRUE(polite.get_future().get());
  }
}

TEST(HttpClientTls, survives_a_server_that_goes_away_during_an_upload) {
  // Something is written to the dead connection; a SIGPIPE would end this process.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_UNBLOCK, &pipe, nullptr);
  const TestCertificate certificate("IP:127.0.0.1");
  const Variable trust("SSL_CERT_FILE", certificate.file());
  TlsTestServer server(certificate, [](TlsTestServer::Stream& stream) { stream.read_head(); });
  EXPECT_EQ(failure_with(post(server.url(), std::string(16 << 20, 'x'))),
            (Failure{ErrorCode::kUnavailable, "reset", true}));
}

TEST(HttpClientTls, ends_while_the_server_takes_no_bytes) {
  const TestCertificate certificate("IP:127.0.0.1");
  const Variable trust("SSL_CERT_FILE", certificate.file());
  std::promise<void> over;
  TlsTestServer server(certificate, [&](TlsTestServer::Stream&) { over.get_future().wait(); });
  HttpRequest request = post(server.url(), std::string(64 << 20, 'x'));
  request.idle_timeout_ms = 50;
  EXPECT_EQ(failure_with(request), (Failure{ErrorCode::kDeadline, "idle_timeout", true}));
  over.set_value();
}

TEST(HttpClientTls, carries_large_bodies_both_ways) {
  const TestCertificate certificate("IP:127.0.0.1");
  const Variable trust("SSL_CERT_FILE", certificate.file());
  const std::string large(5 << 20, 'x');
  TlsTestServer server(certificate, [&](TlsTestServer::Stream& stream) {
    stream.read_head();
    EXPECT_TRUE(stream.read_bytes(large.size()) == large);
    stream.write("HTTP/1.1 200 OK\r\nContent-Length: 5242880\r\n\r\n");
    stream.write(large);
  });
  EXPECT_TRUE(body_of(post(server.url(), large)) == large);
}

TEST(HttpClientTls, passes_over_a_connection_the_server_closed_meanwhile) {
  const TestCertificate certificate("IP:127.0.0.1");
  const Variable trust("SSL_CERT_FILE", certificate.file());
  TlsTestServer server(certificate, [](TlsTestServer::Stream& stream) {
    stream.read_head();
    stream.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  HttpClient client;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(fetch(client, get(server.url()), CallContext()).body, "ok");
  }
  EXPECT_EQ(server.names().size(), 3U);
}

TEST(HttpClientTls, is_not_misled_by_errors_other_code_left_in_openssl) {
  const TestCertificate certificate("IP:127.0.0.1");
  const Variable trust("SSL_CERT_FILE", certificate.file());
  TlsTestServer server(certificate, serve_ok);
  HttpClient client;
  for (int i = 0; i < 2; ++i) {
    ERR_raise(ERR_LIB_USER, 1);
    ERR_raise(ERR_LIB_USER, 2);
    EXPECT_EQ(fetch(client, get(server.url()), CallContext()).body, "ok");
  }
  EXPECT_EQ(server.names().size(), 1U);  // the idle connection was not taken for a broken one
}

TEST(HttpClientTls, ends_when_another_thread_cancels_the_handshake) {
  Cancellable context;
  BareServer server([&](int descriptor) {
    char bytes[4096];
    EXPECT_GT(::read(descriptor, bytes, sizeof(bytes)), 0);  // the client's greeting
    context.cancel();
    while (::read(descriptor, bytes, sizeof(bytes)) > 0) {
    }
  });
  HttpClient client;
  EXPECT_EQ(failure_of([&] { fetch(client, get("https://" + server.address()), context); }),
            (Failure{ErrorCode::kCancelled, ""}));
}

}  // namespace
}  // namespace cartpilot::net
