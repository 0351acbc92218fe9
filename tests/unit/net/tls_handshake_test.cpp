// A handshake that stands still at any of its flights, direct and behind a proxy: the call ends at
// its own limits, and nobody hears of the request, however late the rest of the handshake comes.

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "bare_server.h"
#include "environment_variable.h"
#include "net/http_client.h"
#include "recorder.h"
#include "tls_test_server.h"

namespace cartpilot::net {
namespace {

/// Where the server falls silent.
struct Stall {
  bool proxy = false;
  int version = TLS1_3_VERSION;
  int flight = 0;     ///< of the server's, from 1; 0 = before the answer to CONNECT
  bool half = false;  ///< after the first half of it
};

void PrintTo(const Stall& stall, std::ostream* out) {
  *out << (stall.proxy ? "proxy " : "direct ") << (stall.version == TLS1_2_VERSION ? "1.2" : "1.3")
       << " flight " << stall.flight << (stall.half ? " half" : "");
}

/// One TLS connection over memory, so that each flight of the server is in the test's hands.
class StallingServer {
 public:
  StallingServer(const TestCertificate& certificate, const Stall& stall)
      : stall_(stall),
        context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free),
        server_(std::make_unique<BareServer>([this](int descriptor) { serve(descriptor); })) {
    SSL_CTX_use_certificate(context_.get(), certificate.certificate());
    SSL_CTX_use_PrivateKey(context_.get(), certificate.key());
    SSL_CTX_set_min_proto_version(context_.get(), stall.version);
    SSL_CTX_set_max_proto_version(context_.get(), stall.version);
  }

  std::string address() const { return server_->address(); }

  /// Ends the server. Whether it fell silent, and what the client sent as application data.
  std::pair<bool, std::string> stop() {
    server_.reset();  // which waits for its thread
    return {stalled_, heard_};
  }

 private:
  void serve(int descriptor) {
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context_.get()), &SSL_free);
    BIO* const in = BIO_new(BIO_s_mem());
    BIO* const out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl.get(), in, out);
    SSL_set_accept_state(ssl.get());
    bool tunnel = !stall_.proxy;
    int flights = 0;
    char bytes[16384];
    for (ssize_t size = 0; (size = ::read(descriptor, bytes, sizeof bytes)) > 0;) {
      if (!tunnel) {  // a CONNECT is small enough to come in one piece
        send(descriptor, "HTTP/1.1 200 Connection established\r\n\r\n", 0);
        tunnel = true;
        continue;
      }
      BIO_write(in, bytes, static_cast<int>(size));
      std::size_t read = 0;
      if (SSL_read_ex(ssl.get(), bytes, sizeof bytes, &read) == 1) heard_.append(bytes, read);
      char* flight = nullptr;
      const long length = BIO_get_mem_data(out, &flight);
      if (length <= 0) continue;
      send(descriptor, {flight, static_cast<std::size_t>(length)}, ++flights);
      BIO_reset(out);
    }
  }

  /// Nothing any more from the stall on.
  void send(int descriptor, std::string bytes, int flight) {
    if (stalled_) return;
    stalled_ = stall_.flight == flight;
    if (stalled_) bytes.resize(stall_.half ? bytes.size() / 2 : 0);
    if (bytes.empty()) return;
    EXPECT_GT(::write(descriptor, bytes.data(), bytes.size()), 0);
  }

  const Stall stall_;
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  bool stalled_ = false;
  std::string heard_;
  std::unique_ptr<BareServer> server_;  // last: its thread uses the others
};

class TlsHandshake : public testing::TestWithParam<Stall> {
 protected:
  /// How a request with a secret fails that gets so many milliseconds, by `limit`; nobody may have
  /// heard it. A busy machine that does not come to the stall in that time gets more.
  template <typename Limit>
  Failure failure_with(const Limit& limit) {
    const TestCertificate certificate("IP:127.0.0.1,DNS:api.shop.example");
    const Variable trust("SSL_CERT_FILE", certificate.file());
    for (int milliseconds = 40;; milliseconds *= 2) {
      StallingServer server(certificate, GetParam());
      const Variable proxy("https_proxy", "http://" + server.address());
      const Variable direct("no_proxy", "");
      HttpRequest request = post("", "secret");
      request.url =
          GetParam().proxy ? "https://api.shop.example/secret" : "https://" + server.address();
      request.headers = {{"X-Key", "secret"}};
      request.idle_timeout_ms = 1;  // does not count yet
      Cancellable context;
      limit(milliseconds, request, context);
      Failure failure;
      {
        HttpClient client;
        failure = failure_of([&] { fetch(client, request, context); });
      }
      const auto [stalled, heard] = server.stop();
      EXPECT_EQ(heard, "");
      if (stalled) return failure;
    }
  }
};

TEST_P(TlsHandshake, that_stands_still_ends_with_the_time_to_connect) {
  EXPECT_EQ(failure_with([](int milliseconds, HttpRequest& request, Cancellable&) {
              request.connect_timeout_ms = milliseconds;
            }),
            (Failure{ErrorCode::kDeadline, "connect_timeout", true}));
}

TEST_P(TlsHandshake, that_stands_still_ends_with_the_time_for_all) {
  EXPECT_EQ(failure_with([](int milliseconds, HttpRequest& request, Cancellable&) {
              request.total_timeout_ms = milliseconds;
            }),
            (Failure{ErrorCode::kDeadline, "total_timeout"}));
}

TEST_P(TlsHandshake, that_stands_still_ends_at_the_deadline_of_the_caller) {
  EXPECT_EQ(failure_with([](int milliseconds, HttpRequest&, Cancellable& context) {
              const auto now = std::chrono::system_clock::now().time_since_epoch();
              context.deadline =
                  std::chrono::duration_cast<std::chrono::milliseconds>(now).count() + milliseconds;
            }),
            (Failure{ErrorCode::kDeadline, "total_timeout"}));
}

std::vector<Stall> stalls() {
  std::vector<Stall> all;
  for (const bool half : {false, true}) {
    all.push_back({true, TLS1_3_VERSION, 0, half});
    for (const bool proxy : {false, true}) {
      all.push_back({proxy, TLS1_3_VERSION, 1, half});
      all.push_back({proxy, TLS1_2_VERSION, 1, half});
      all.push_back({proxy, TLS1_2_VERSION, 2, half});
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Everywhere, TlsHandshake, testing::ValuesIn(stalls()));

}  // namespace
}  // namespace cartpilot::net
