// A TLS server on 127.0.0.1 with a certificate of its own making, for tests of the client's checks.
//
// TestCertificate writes a certificate to a temporary file, removed at the end; it vouches for
// itself or another one vouches for it. TlsTestServer speaks TLS on every connection, after a
// CONNECT when it plays the proxy too.
#pragma once

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "bare_server.h"

namespace cartpilot::net {

class TestCertificate {
 public:
  /// One that may vouch for others.
  static TestCertificate authority(const std::string& name) { return {name, Authority()}; }
  /// `names` as OpenSSL writes subjectAltName: "DNS:localhost,IP:127.0.0.1".
  explicit TestCertificate(const std::string& names, const TestCertificate* issuer = nullptr);
  /// One that is valid for two hours, beginning so many seconds from now.
  TestCertificate(const std::string& names, long begins);
  ~TestCertificate();
  TestCertificate(const TestCertificate&) = delete;
  TestCertificate& operator=(const TestCertificate&) = delete;

  X509* certificate() const { return certificate_.get(); }
  EVP_PKEY* key() const { return key_.get(); }
  const std::string& file() const { return file_; }  ///< PEM, usable as SSL_CERT_FILE

 private:
  struct Authority {};
  TestCertificate(const std::string& name, Authority);

  void make(const std::string& name, int extension, const std::string& value,
            const TestCertificate& issuer, long begins = -3600);

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
  std::string file_;
};

class TlsTestServer {
 public:
  /// One connection after the handshake. read_head() gives "" when the client has gone.
  class Stream {
   public:
    explicit Stream(SSL* ssl) : ssl_(ssl) {}
    std::string read_head();
    std::string read_bytes(std::size_t size);
    void write(std::string_view bytes);
    void send_close_notify();
    /// Reads on; whether the client sent close_notify before its connection ended.
    bool receives_close_notify();
    /// Asks for a new handshake, which TLS 1.2 still knows. True when the client declines.
    bool is_declined_renegotiation();

   private:
    SSL* ssl_;
  };
  using Serve = std::function<void(Stream&)>;

  /// A connection whose `serve` returned is closed without close_notify.
  TlsTestServer(const TestCertificate& certificate, Serve serve, bool proxy = false);

  /// Speaks this version of TLS only (TLS1_2_VERSION), however weak. Before the first connection.
  void speak_only(int version);

  int port() const { return server_->port(); }
  std::string url() const { return "https://" + server_->address(); }
  std::vector<std::string> connects() const;  ///< heads of the CONNECT requests
  std::vector<std::string> names() const;     ///< server names the clients asked for

 private:
  void run(int descriptor);

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  Serve serve_;
  bool proxy_;
  mutable std::mutex mutex_;  // guards the two below
  std::vector<std::string> connects_;
  std::vector<std::string> names_;
  std::unique_ptr<BareServer> server_;  // last: its thread uses the others
};

/// Answers "ok" to every request of a connection.
void serve_ok(TlsTestServer::Stream& stream);

}  // namespace cartpilot::net
