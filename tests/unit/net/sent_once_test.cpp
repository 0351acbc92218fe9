// That a request is sent once or not at all, and that "nothing was sent" is true.

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <atomic>
#include <memory>
#include <string>

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

const Failure kReset{ErrorCode::kUnavailable, "reset", true};

/// Cancelled at the nth time somebody asks.
class CancelledAt final : public CallContext {
 public:
  explicit CancelledAt(int n) : left_(n) {}
  bool cancelled() const noexcept override { return left_-- <= 0; }

 private:
  mutable int left_;
};

HttpRequest request_with(const std::string& method, const std::string& url,
                         const std::string& body) {
  HttpRequest request = post(url, body);
  request.method = method;
  return request;
}

TEST(SentOnce, whatever_happens_to_the_kept_connection) {
  // Answers the first request of a connection; what comes second on it arrives and is never
  // answered: the server goes away, with a reset or without.
  for (const bool reset : {true, false}) {
    LoopbackServer server([&](const LoopbackServer::Request& request, Reply& reply) {
      if (request.target == "/first") return reply.send(200, {}, "ok");
      if (reset) return reply.reset();
      reply.close();
    });
    HttpClient client;
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
      for (const char* body : {"", "{}"}) {
        fetch(client, get(server.url() + "/first"), CallContext());
        const std::size_t before = server.requests().size();
        EXPECT_EQ(failure_of([&] {
                    fetch(client, request_with(method, server.url() + "/second", body),
                          CallContext());
                  }),
                  kReset);
        EXPECT_EQ(server.requests().size(), before + 1) << method << " '" << body << "'";
      }
    }
  }
}

TEST(SentOnce, over_a_new_connection_when_the_kept_one_was_closed_before) {
  LoopbackServer server([&](const LoopbackServer::Request& request, Reply& reply) {
    reply.send(200, {}, request.body);
    reply.close();
  });
  HttpClient client;
  for (int i = 0; i < 200; ++i) {  // the close may be seen before the request, or too late
    const std::size_t before = server.requests().size();
    const Failure failure =
        failure_of([&] { fetch(client, post(server.url(), "x"), CallContext()); });
    if (failure == Failure{}) {
      EXPECT_EQ(server.requests().size(), before + 1);
    } else {
      EXPECT_EQ(failure, kReset);
      EXPECT_LE(server.requests().size(), before + 1);
    }
  }
}

TEST(SentOnce, when_the_server_asks_for_it_again) {
  for (const char* status : {"401 Unauthorized\r\nWWW-Authenticate: Basic realm=x", "408 Timeout",
                             "417 Expectation Failed", "421 Misdirected", "425 Too Early",
                             "307 Temporary Redirect\r\nLocation: /again"}) {
    LoopbackServer server([&](const auto&, Reply& reply) {
      reply.raw(std::string("HTTP/1.1 ") + status + "\r\nContent-Length: 0\r\n\r\n");
    });
    HttpClient client;
    for (const bool fresh : {false, true}) {
      HttpRequest request = post(server.url());
      request.fresh_connection = fresh;
      fetch(client, request, CallContext());
    }
    EXPECT_EQ(server.requests().size(), 2U) << status;
  }
}

/// What reached the server of a POST that was given up at the nth question, and whether it was.
struct GivenUp {
  bool finished = false;
  bool connected = false;
  std::string bytes;
};

GivenUp post_until(int n, bool fresh) {
  GivenUp result;
  {
    std::atomic<bool> connected{false};
    BareServer server([&](int descriptor) {
      connected = true;
      char bytes[4096];
      for (ssize_t size = 0; (size = ::read(descriptor, bytes, sizeof bytes)) > 0;) {
        result.bytes.append(bytes, static_cast<std::size_t>(size));
        if (result.bytes.size() < 6 || result.bytes.substr(result.bytes.size() - 6) != "secret") {
          continue;
        }
        constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        EXPECT_GT(::write(descriptor, kAnswer.data(), kAnswer.size()), 0);
      }
    });
    HttpClient client;
    HttpRequest request = post("http://" + server.address(), "secret");
    request.fresh_connection = fresh;
    const Failure failure = failure_of([&] { fetch(client, request, CancelledAt(n)); });
    result.finished = failure == Failure{};
    if (!result.finished) {
      EXPECT_EQ(failure, (Failure{ErrorCode::kCancelled, ""}));
    }
    // The accepting thread may not have come to this connection yet.
    fetch(client, post("http://" + server.address(), "secret"), CallContext());
    result.connected = connected;
  }
  // Without the second request of the client above.
  const std::size_t second = result.bytes.rfind("POST ");
  result.bytes.resize(second == std::string::npos ? 0 : second);
  return result;
}

TEST(SentOnce, or_not_a_byte_of_it_when_it_is_given_up_before) {
  for (const bool fresh : {false, true}) {
    bool something_was_sent = false;
    bool finished = false;
    for (int n = 0; n < 100 && !finished; ++n) {
      const GivenUp post = post_until(n, fresh);
      finished = post.finished;
      if (post.bytes.empty()) {
        EXPECT_FALSE(something_was_sent) << n;
        EXPECT_FALSE(finished);
      }
      something_was_sent = something_was_sent || !post.bytes.empty();
    }
    EXPECT_TRUE(finished);
  }
}

TEST(SentOnce, or_not_a_byte_of_it_when_it_is_given_up_around_the_tls_handshake) {
  const TestCertificate certificate("IP:127.0.0.1");
  const Variable trust("SSL_CERT_FILE", certificate.file());
  int between = 0;  // given up after the handshake and before the request
  int finished = 0;
  for (int n = 0; n < 10'000 && (between == 0 || finished == 0); ++n) {
    bool handshake_done = false;
    std::string heard;
    auto server = std::make_unique<TlsTestServer>(certificate, [&](TlsTestServer::Stream& stream) {
      handshake_done = true;
      heard = stream.read_head();
      if (heard.empty()) return;
      heard += stream.read_bytes(6);
      stream.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    server->speak_only(TLS1_2_VERSION);  // whose handshake the server ends
    Failure failure;
    {
      HttpClient client;
      failure =
          failure_of([&] { fetch(client, post(server->url(), "secret"), CancelledAt(n % 20)); });
    }
    server.reset();  // waits for its thread
    if (failure == Failure{}) {
      ++finished;
      EXPECT_EQ(heard.substr(heard.size() - 6), "secret");
    } else {
      EXPECT_EQ(failure, (Failure{ErrorCode::kCancelled, ""}));
      if (handshake_done && heard.empty()) ++between;
    }
  }
  EXPECT_GT(between, 0);
  EXPECT_GT(finished, 0);
}

}  // namespace
}  // namespace cartpilot::net
