#include "tls_test_server.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

namespace cartpilot::net {

TestCertificate::TestCertificate(const std::string& names, const TestCertificate* issuer)
    : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free), certificate_(X509_new(), &X509_free) {
  make("CartPilot test", NID_subject_alt_name, names, issuer == nullptr ? *this : *issuer);
}

TestCertificate::TestCertificate(const std::string& names, long begins)
    : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free), certificate_(X509_new(), &X509_free) {
  make("CartPilot test", NID_subject_alt_name, names, *this, begins);
}

TestCertificate::TestCertificate(const std::string& name, Authority)
    : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free), certificate_(X509_new(), &X509_free) {
  make(name, NID_basic_constraints, "critical,CA:TRUE", *this);
}

void TestCertificate::make(const std::string& name, int extension, const std::string& value,
                           const TestCertificate& issuer, long begins) {
  X509* const x = certificate_.get();
  X509_set_version(x, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
  X509_gmtime_adj(X509_getm_notBefore(x), begins);
  X509_gmtime_adj(X509_getm_notAfter(x), begins + 7200);
  X509_set_pubkey(x, key_.get());
  const auto* const common_name = reinterpret_cast<const unsigned char*>(name.c_str());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, common_name, -1, -1, 0);
  X509_set_issuer_name(x, X509_get_subject_name(issuer.certificate()));
  X509_EXTENSION* const made = X509V3_EXT_conf_nid(nullptr, nullptr, extension, value.c_str());
  X509_add_ext(x, made, -1);
  X509_EXTENSION_free(made);
  X509_sign(x, issuer.key(), EVP_sha256());

  file_ = (std::filesystem::temp_directory_path() / "cartpilot-test-XXXXXX").string();
  std::FILE* const out = ::fdopen(::mkstemp(file_.data()), "w");
  PEM_write_X509(out, x);
  std::fclose(out);
}

TestCertificate::~TestCertificate() { std::filesystem::remove(file_); }

std::string TlsTestServer::Stream::read_head() {
  std::string head;
  char byte = 0;
  while (head.size() < 4 || head.compare(head.size() - 4, 4, "\r\n\r\n") != 0) {
    if (SSL_read(ssl_, &byte, 1) != 1) return "";
    head += byte;
  }
  return head;
}

std::string TlsTestServer::Stream::read_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    std::size_t read = 0;
    if (SSL_read_ex(ssl_, bytes.data() + filled, size - filled, &read) != 1) break;
    filled += read;
  }
  bytes.resize(filled);
  return bytes;
}

void TlsTestServer::Stream::write(std::string_view bytes) {
  SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
}

void TlsTestServer::Stream::send_close_notify() { SSL_shutdown(ssl_); }

bool TlsTestServer::Stream::receives_close_notify() {
  char bytes[4096];
  int result = 1;
  while (result > 0) result = SSL_read(ssl_, bytes, sizeof bytes);
  return SSL_get_error(ssl_, result) == SSL_ERROR_ZERO_RETURN;
}

bool TlsTestServer::Stream::is_declined_renegotiation() {
  SSL_renegotiate(ssl_);
  SSL_do_handshake(ssl_);
  ERR_clear_error();
  char byte = 0;
  return SSL_read(ssl_, &byte, 1) < 0 && ERR_GET_REASON(ERR_peek_error()) == SSL_R_NO_RENEGOTIATION;
}

void serve_ok(TlsTestServer::Stream& stream) {
  while (!stream.read_head().empty()) {
    stream.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  }
}

TlsTestServer::TlsTestServer(const TestCertificate& certificate, Serve serve, bool proxy)
    : context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free),
      serve_(std::move(serve)),
      proxy_(proxy) {
  SSL_CTX_use_certificate(context_.get(), certificate.certificate());
  SSL_CTX_use_PrivateKey(context_.get(), certificate.key());
  server_ = std::make_unique<BareServer>([this](int descriptor) { run(descriptor); });
}

void TlsTestServer::speak_only(int version) {
  SSL_CTX_set_min_proto_version(context_.get(), version);
  SSL_CTX_set_max_proto_version(context_.get(), version);
  SSL_CTX_set_security_level(context_.get(), 0);  // OpenSSL would refuse old ones by itself
}

std::vector<std::string> TlsTestServer::connects() const {
  const std::lock_guard lock(mutex_);
  return connects_;
}

std::vector<std::string> TlsTestServer::names() const {
  const std::lock_guard lock(mutex_);
  return names_;
}

void TlsTestServer::run(int descriptor) {
  // OpenSSL writes without MSG_NOSIGNAL; on this thread a client that went away is no surprise.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);

  if (proxy_) {
    std::string head;
    char byte = 0;
    while (head.size() < 4 || head.compare(head.size() - 4, 4, "\r\n\r\n") != 0) {
      if (::read(descriptor, &byte, 1) != 1) return;
      head += byte;
    }
    {
      const std::lock_guard lock(mutex_);
      connects_.push_back(head);
    }
    constexpr std::string_view kOpen = "HTTP/1.1 200 Connection established\r\n\r\n";
    if (::write(descriptor, kOpen.data(), kOpen.size()) < 0) return;
  }
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context_.get()), &SSL_free);
  SSL_set_fd(ssl.get(), descriptor);
  if (SSL_accept(ssl.get()) != 1) return;
  {
    const char* const name = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name);
    const std::lock_guard lock(mutex_);
    names_.emplace_back(name == nullptr ? "" : name);
  }
  Stream stream(ssl.get());
  serve_(stream);
}

}  // namespace cartpilot::net
