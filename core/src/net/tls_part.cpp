// The program part cartpilot-tls.so: TLS by Poco NetSSL and OpenSSL.
#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/IPAddress.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/X509Certificate.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <mutex>
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

/// The certificates to trust, in a store of OpenSSL's.
///
/// Debian keeps the same ones as one file, which takes 20 ms to read, and as a folder, from which
/// only the one that is asked for is read. The file may have some that the folder lacks.
class Trust {
 public:
  Trust(X509_STORE* store, const TrustPlaces& places)
      : file_(places.file.empty() ? X509_get_default_cert_file() : places.file),
        file_lookup_(X509_STORE_add_lookup(store, X509_LOOKUP_file())) {
    X509_LOOKUP* const folder = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
    if (file_lookup_ == nullptr || folder == nullptr || place() < 0 ||
        X509_STORE_set_ex_data(store, place(), this) != 1) {
      throw Poco::Exception("the system's certificates cannot be read");
    }
    if (places.file_first) read_file();
    X509_LOOKUP_add_dir(folder,
                        places.folder.empty() ? X509_get_default_cert_dir() : places.folder.c_str(),
                        X509_FILETYPE_PEM);
    X509_STORE_set_get_issuer(store, &find_issuer);
  }

 private:
  /// Of the pointer to this object in its store.
  static int place() {
    static const int index = X509_STORE_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
    return index;
  }

  static int find_issuer(X509** issuer, X509_STORE_CTX* verification, X509* certificate) {
    const int found = X509_STORE_CTX_get1_issuer(issuer, verification, certificate);
    if (found != 0) return found;
    X509_STORE* const store = X509_STORE_CTX_get0_store(verification);
    static_cast<Trust*>(X509_STORE_get_ex_data(store, place()))->read_file();
    return X509_STORE_CTX_get1_issuer(issuer, verification, certificate);
  }

  void read_file() {
    std::call_once(file_read_, [this] {
      ERR_set_mark();
      X509_load_cert_crl_file(file_lookup_, file_.c_str(), X509_FILETYPE_PEM);
      ERR_pop_to_mark();
    });
  }

  const std::string file_;
  X509_LOOKUP* const file_lookup_;
  std::once_flag file_read_;
};

class OpenSslContext final : public TlsContext {
 public:
  explicit OpenSslContext(const TrustPlaces& places)
      : context_(new Context(Context::TLS_CLIENT_USE, "", Context::VERIFY_STRICT, 9,
                             /*loadDefaultCAs=*/false, "HIGH:!aNULL:!MD5")),
        trust_(SSL_CTX_get_cert_store(context_->sslContext()), places) {
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
  Trust trust_;
};

class OpenSslBackend final : public TlsBackend {
 public:
  std::unique_ptr<TlsContext> make_context(const TrustPlaces& places) override {
    return std::make_unique<OpenSslContext>(places);
  }
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
