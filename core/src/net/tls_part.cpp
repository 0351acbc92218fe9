// TLS by OpenSSL.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>

#include "net/failure.h"
#include "net/tls_backend.h"

namespace cartpilot::net {
namespace {

/// What OpenSSL says about the last failure on this thread; errors it left there earlier would be
/// taken for those of the next call, so each call begins with an empty queue.
std::string reason_of_failure(int system_error) {
  const unsigned long error = ERR_peek_error();
  if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
      ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    return "it closed the connection";
  }
  if (const char* const reason = ERR_reason_error_string(error)) return reason;
  return system_error == 0 ? "it broke off the connection" : ::strerror(system_error);
}

/// As OpenSSL's own, but a write to a connection that is gone raises no SIGPIPE: the program may
/// rely on that signal (`cartpilot ... | head`).
int send_without_signal(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = ::send(static_cast<int>(BIO_get_fd(bio, nullptr)), bytes,
                              static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent <= 0 && BIO_sock_should_retry(static_cast<int>(sent)) != 0) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

const BIO_METHOD* socket_without_signal() {
  static const BIO_METHOD* const method = [] {
    const BIO_METHOD* const socket = BIO_s_socket();
    BIO_METHOD* const made = BIO_meth_new(BIO_TYPE_SOCKET, "socket without SIGPIPE");
    if (made == nullptr) return made;
    BIO_meth_set_write(made, &send_without_signal);
    BIO_meth_set_read(made, BIO_meth_get_read(socket));
    BIO_meth_set_ctrl(made, BIO_meth_get_ctrl(socket));
    BIO_meth_set_create(made, BIO_meth_get_create(socket));
    BIO_meth_set_destroy(made, BIO_meth_get_destroy(socket));
    return made;
  }();
  return method;
}

/// All that the resolver takes for an address, so that nobody is reached by an address and proved
/// by a name.
bool is_address(const std::string& host) {
  in6_addr six;
  in_addr four;
  return ::inet_pton(AF_INET6, host.c_str(), &six) == 1 || ::inet_aton(host.c_str(), &four) != 0;
}

/// Makes the handshake fail unless the certificate belongs to `host`. OpenSSL takes a name that
/// begins with a dot for a whole domain, and an empty one for anybody.
bool expect_host(SSL* ssl, const std::string& host) {
  if (host.empty() || host.front() == '.') return false;
  X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl);
  if (is_address(host)) return X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1;
  // A wildcard stands for a whole label, and only the names meant for this purpose count.
  X509_VERIFY_PARAM_set_hostflags(
      rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return X509_VERIFY_PARAM_set1_host(rules, host.data(), host.size()) == 1 &&
         SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

class OpenSslStream final : public TlsStream {
 public:
  OpenSslStream(SSL_CTX* context, int descriptor, const std::string& host)
      : ssl_(SSL_new(context), &SSL_free) {
    BIO* const socket = BIO_new(socket_without_signal());
    if (socket != nullptr) BIO_set_fd(socket, descriptor, BIO_NOCLOSE);
    if (ssl_ == nullptr || socket == nullptr) {
      BIO_free(socket);
      failure_ = {Step::kFailed, "no memory is left"};
      return;
    }
    SSL_set_bio(ssl_.get(), socket, socket);
    SSL_set_connect_state(ssl_.get());
    if (!expect_host(ssl_.get(), host)) failure_ = {Step::kRefused, "no name is like that"};
  }

  ~OpenSslStream() override {
    if (!ready_ || broken_) return;
    ERR_clear_error();
    SSL_shutdown(ssl_.get());  // writes at most, never waits for the other side
    ERR_clear_error();
  }

  Progress shake_hands() override {
    if (failure_.step != Step::kDone) return failure_;
    ERR_clear_error();
    errno = 0;
    const int result = SSL_do_handshake(ssl_.get());
    const int system_error = errno;
    ready_ = result == 1;
    if (ready_) return {Step::kDone, ""};
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ: return {Step::kWantsRead, ""};
      case SSL_ERROR_WANT_WRITE: return {Step::kWantsWrite, ""};
      default: break;
    }
    const long verdict = SSL_get_verify_result(ssl_.get());
    if (verdict == X509_V_OK) {
      failure_ = {Step::kFailed, reason_of_failure(system_error)};
    } else if (verdict == X509_V_ERR_HOSTNAME_MISMATCH ||
               verdict == X509_V_ERR_IP_ADDRESS_MISMATCH) {
      failure_ = {Step::kRefused, "it belongs to another name"};
    } else {
      failure_ = {Step::kRefused, X509_verify_cert_error_string(verdict)};
    }
    return failure_;
  }

  int read(char* target, std::size_t size) override {
    if (!ready_) return kBroken;
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_.get(), target, size, &count);
    return result == 1 ? static_cast<int>(count) : wish_after(result);
  }

  int write(const char* bytes, std::size_t size) override {
    if (!ready_) return kBroken;
    ERR_clear_error();
    std::size_t count = 0;
    const int result = SSL_write_ex(ssl_.get(), bytes, size, &count);
    return result == 1 ? static_cast<int>(count) : wish_after(result);
  }

 private:
  int wish_after(int result) {
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_ZERO_RETURN: return 0;
      case SSL_ERROR_WANT_READ: return kWantsRead;
      case SSL_ERROR_WANT_WRITE: return kWantsWrite;
      default: broken_ = true; return kBroken;
    }
  }

  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  bool ready_ = false;   ///< the certificate was accepted
  bool broken_ = false;  ///< no goodbye; what came before a failed write can still be read
  Progress failure_;     ///< of the handshake, from the beginning or since
};

/// The certificates to trust, in a store of OpenSSL's.
///
/// Debian keeps the same ones as one file, which takes 20 ms to read, and as a folder, from which
/// only the one that is asked for is read. The file may have some that the folder lacks.
class Trust {
 public:
  explicit Trust(const TrustPlaces& places)
      : file_(places.file.empty() ? X509_get_default_cert_file() : places.file),
        folder_(places.folder.empty() ? X509_get_default_cert_dir() : places.folder),
        file_first_(places.file_first) {}

  /// Tells `store`, which must not outlive this object, whom to trust. False = no memory is left.
  bool equip(X509_STORE* store) {
    file_lookup_ = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    X509_LOOKUP* const folder = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
    if (file_lookup_ == nullptr || folder == nullptr || place() < 0 ||
        X509_STORE_set_ex_data(store, place(), this) != 1) {
      return false;
    }
    if (file_first_) read_file();
    X509_LOOKUP_add_dir(folder, folder_.c_str(), X509_FILETYPE_PEM);
    X509_STORE_set_get_issuer(store, &find_issuer);
    return true;
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
  const std::string folder_;
  const bool file_first_;
  X509_LOOKUP* file_lookup_ = nullptr;
  std::once_flag file_read_;
};

class OpenSslContext final : public TlsContext {
 public:
  explicit OpenSslContext(const TrustPlaces& places)
      : trust_(places), context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free) {}

  /// False when OpenSSL cannot work with these rules.
  bool set_up() {
    SSL_CTX* const context = context_.get();
    if (context == nullptr || !trust_.equip(SSL_CTX_get_cert_store(context))) return false;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_verify_depth(context, 9);
    // Padding: old load balancers hang on greetings of 256 to 511 bytes.
    SSL_CTX_set_options(context,
                        SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_TLSEXT_PADDING);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // The system's own rules (openssl.cnf) may ask for more, not for less.
    return (SSL_CTX_get_min_proto_version(context) > TLS1_2_VERSION ||
            SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1) &&
           SSL_CTX_set_cipher_list(context, "HIGH:!aNULL:!MD5") == 1;
  }

  std::unique_ptr<TlsStream> wrap(int descriptor, const std::string& host) override {
    return std::make_unique<OpenSslStream>(context_.get(), descriptor, host);
  }

 private:
  Trust trust_;  // before the context, whose store refers to it
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
};

}  // namespace

std::unique_ptr<TlsContext> make_tls_context(const TrustPlaces& places) {
  ERR_clear_error();
  auto context = std::make_unique<OpenSslContext>(places);
  if (context->set_up()) return context;
  const char* const reason = ERR_reason_error_string(ERR_peek_error());
  fail(ErrorCode::kUnavailable, "tls",
       std::string("https is not possible: ") + (reason == nullptr ? "no memory is left" : reason));
}

}  // namespace cartpilot::net
