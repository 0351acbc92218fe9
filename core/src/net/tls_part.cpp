// The program part cartpilot-tls.so: TLS by Poco NetSSL and OpenSSL.
#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/IPAddress.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/X509Certificate.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <utility>

#include "net/tls_backend.h"
#include "parts/program_part.h"

namespace cartpilot::net {
namespace {

using Poco::Net::Context;
using Poco::Net::SecureStreamSocket;
using Poco::Net::StreamSocket;

/// Why OpenSSL refused the certificate it looked at last on this thread; nullptr when it did not.
thread_local const char* refusal = nullptr;

/// Changes nothing in OpenSSL's verdict, only keeps its reason: the error queue says no more than
/// "certificate verify failed".
int note_refusal(int accepted, X509_STORE_CTX* store) {
  if (accepted == 0) refusal = X509_verify_cert_error_string(X509_STORE_CTX_get_error(store));
  return accepted;
}

constexpr unsigned int kNameFlags =
    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;

/// "" when the certificate that was shown belongs to `host`.
std::string problem_with_host(const SecureStreamSocket& socket, const std::string& host) {
  if (!socket.havePeerCertificate()) return "none was shown";
  const Poco::Net::X509Certificate shown = socket.peerCertificate();
  // OpenSSL's own matching: a wildcard covers one label, and addresses are compared as addresses.
  auto* const certificate = const_cast<X509*>(shown.certificate());
  Poco::Net::IPAddress address;
  const bool same =
      Poco::Net::IPAddress::tryParse(host, address)
          ? X509_check_ip_asc(certificate, host.c_str(), 0) == 1
          : X509_check_host(certificate, host.data(), host.size(), kNameFlags, nullptr) == 1;
  return same ? "" : "it belongs to another name";
}

/// "5ed36f99.0": the name under which OpenSSL looks for a certificate in a folder.
bool is_hashed_name(const std::string& name) {
  constexpr std::size_t kHashDigits = 8;
  if (name.size() != kHashDigits + 2 || name.compare(kHashDigits, 2, ".0") != 0) return false;
  for (std::size_t i = 0; i < kHashDigits; ++i) {
    if (std::isxdigit(static_cast<unsigned char>(name[i])) == 0) return false;
  }
  return true;
}

bool has_hashed_names(const char* folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (is_hashed_name(entry->path().filename().string())) return true;
  }
  return false;
}

/// The system's trust store, or the one the person chose with SSL_CERT_FILE and SSL_CERT_DIR.
/// Debian keeps the same certificates as one file, which takes 20 ms to read, and as a folder, from
/// which only the one that is asked for is read.
void trust_system(SSL_CTX* context) {
  const bool chosen = std::getenv(X509_get_default_cert_file_env()) != nullptr ||
                      std::getenv(X509_get_default_cert_dir_env()) != nullptr;
  const bool found = !chosen && has_hashed_names(X509_get_default_cert_dir())
                         ? SSL_CTX_set_default_verify_dir(context) == 1
                         : SSL_CTX_set_default_verify_paths(context) == 1;
  if (!found) throw Poco::Exception("the system's certificates cannot be read");
}

class OpenSslContext final : public TlsContext {
 public:
  OpenSslContext()
      : context_(new Context(Context::TLS_CLIENT_USE, "", Context::VERIFY_STRICT, 9,
                             /*loadDefaultCAs=*/false, "HIGH:!aNULL:!MD5")) {
    trust_system(context_->sslContext());
    context_->requireMinimumProtocol(Context::PROTO_TLSV1_2);
    // Poco's own callback consults a global that wants an application object.
    SSL_CTX_set_verify(context_->sslContext(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       &note_refusal);
  }

  StreamSocket wrap(const StreamSocket& socket, const std::string& host) override {
    return SecureStreamSocket::attach(socket, host, context_);
  }

  Progress shake_hands(StreamSocket& wrapped, const std::string& host) override {
    refusal = nullptr;
    try {
      SecureStreamSocket secured(wrapped);
      const int result = secured.completeHandshake();
      if (result == 0) return {Step::kClosed, ""};
      if (result == SecureStreamSocket::ERR_SSL_WANT_WRITE) return {Step::kWantsWrite, ""};
      if (result < 0) return {Step::kWantsRead, ""};
      std::string problem = problem_with_host(secured, host);
      if (!problem.empty()) return {Step::kRefused, std::move(problem)};
      return {Step::kDone, ""};
    } catch (const Poco::Exception& e) {
      if (refusal != nullptr) return {Step::kRefused, refusal};
      return {Step::kFailed, e.message()};
    }
  }

 private:
  Context::Ptr context_;
};

class OpenSslBackend final : public TlsBackend {
 public:
  std::unique_ptr<TlsContext> make_context() override { return std::make_unique<OpenSslContext>(); }
  void clear_errors() override { ERR_clear_error(); }
};

}  // namespace
}  // namespace cartpilot::net

CARTPILOT_PROGRAM_PART

extern "C" __attribute__((visibility("default"))) cartpilot::net::TlsBackend*
cartpilot_part_tls_backend() {
  static auto* backend = new cartpilot::net::OpenSslBackend;  // connections may outlive statics
  return backend;
}
