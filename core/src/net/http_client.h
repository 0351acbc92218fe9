// HttpClient: the program's one HTTP client.
//
// Keeps idle connections per origin and shares them between threads. Sends exactly what it is
// given: no redirects, no cookies, no Accept-Encoding; Host, Content-Length and a User-Agent are
// added. Plain http is refused unless the host is loopback (localhost, 127/8, ::1). TLS >= 1.2 with
// the system's trust store; the usual proxy variables are honoured for hosts off loopback. A call
// ends within 50 ms of its context being cancelled, in every phase including DNS and connect.
//
// The environment (proxies, SSL_CERT_FILE, SSL_CERT_DIR) is read by the constructor only.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cartpilot/http.h"

namespace cartpilot::net {

/// Where the certificates to trust lie. What is missing there is no error.
struct TrustedCertificates {
  std::string folder;  ///< by hashed names, read as needed; several with ":" between them
  std::string file;
  /// The file is read with every connection, not only when the folder does not vouch for a server:
  /// it may be large.
  bool file_first = false;
};

/// SSL_CERT_FILE and SSL_CERT_DIR, otherwise the places libcurl was built for.
TrustedCertificates certificates_of_environment();

struct HttpClientOptions {
  bool use_proxy_environment = true;
  std::string user_agent = "cartpilot";
  TrustedCertificates trust = certificates_of_environment();
};

/// Sees the answer as it comes from the wire, before it is taken apart, on the calling thread.
class WireTap {
 public:
  virtual ~WireTap() = default;
  virtual void on_wire_head(const HttpHead& head) = 0;
  virtual void on_wire_bytes(std::string_view bytes) = 0;
};

class HttpClient final : public HttpTransport {
 public:
  explicit HttpClient(HttpClientOptions options = {});
  ~HttpClient() override;

  /// As HttpTransport::send. Reasons url, dns, connect, tls and connect_timeout mean that nothing
  /// of the request was sent. A GET or HEAD whose reused connection turns out to be closed is sent
  /// once more on a new one; nothing else is ever sent twice.
  void send(const HttpRequest& request, HttpSink& sink, const CallContext& context) override;
  /// The same, with somebody at the wire.
  void send(const HttpRequest& request, HttpSink& sink, const CallContext& context, WireTap* tap);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A whole answer. For answers that are one body.
struct HttpAnswer {
  HttpHead head;
  std::string body;
};

/// Sends and collects. Same errors as HttpTransport::send. Works with any transport.
HttpAnswer fetch(HttpTransport& transport, const HttpRequest& request, const CallContext& context);

}  // namespace cartpilot::net
