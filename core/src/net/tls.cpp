#include "net/tls.h"

#include <Poco/Exception.h>
#include <Poco/Net/IPAddress.h>
#include <Poco/Net/SecureStreamSocket.h>
#include <Poco/Net/X509Certificate.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <fmt/format.h>

#include "net/failure.h"
#include "net/tls_operation.h"

namespace cartpilot::net {
namespace {

/// Why OpenSSL refused the certificate it looked at last on this thread; nullptr when it did not.
thread_local const char* refusal = nullptr;

/// Changes nothing in OpenSSL's verdict, only keeps its reason: the error queue says no more than
/// "certificate verify failed".
int note_refusal(int accepted, X509_STORE_CTX* store) {
  if (accepted == 0) refusal = X509_verify_cert_error_string(X509_STORE_CTX_get_error(store));
  return accepted;
}

[[noreturn]] void refuse(const std::string& host, const std::string& why) {
  fail(ErrorCode::kUnavailable, "tls",
       fmt::format("the certificate of {} was refused: {}; check the address and the system's "
                   "certificates",
                   host, why));
}

constexpr unsigned int kNameFlags =
    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;

void check_host(const Poco::Net::SecureStreamSocket& socket, const std::string& host) {
  if (!socket.havePeerCertificate()) refuse(host, "none was shown");
  const Poco::Net::X509Certificate shown = socket.peerCertificate();
  // OpenSSL's own matching: a wildcard covers one label, and addresses are compared as addresses.
  auto* const certificate = const_cast<X509*>(shown.certificate());
  Poco::Net::IPAddress address;
  const bool same =
      Poco::Net::IPAddress::tryParse(host, address)
          ? X509_check_ip_asc(certificate, host.c_str(), 0) == 1
          : X509_check_host(certificate, host.data(), host.size(), kNameFlags, nullptr) == 1;
  if (!same) refuse(host, "it belongs to another name");
}

}  // namespace

Poco::Net::Context::Ptr TlsClient::context() {
  const std::lock_guard lock(mutex_);
  if (!context_) {
    using Poco::Net::Context;
    const bool system_store = true;
    Context::Ptr made = new Context(Context::TLS_CLIENT_USE, "", Context::VERIFY_STRICT, 9,
                                    system_store, "HIGH:!aNULL:!MD5");
    made->requireMinimumProtocol(Context::PROTO_TLSV1_2);
    // Poco's own callback consults a global that wants an application object.
    SSL_CTX_set_verify(made->sslContext(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       &note_refusal);
    context_ = made;
  }
  return context_;
}

Poco::Net::StreamSocket TlsClient::secure(const Poco::Net::StreamSocket& socket,
                                          const std::string& host, CallLimits& limits) {
  using Poco::Net::SecureStreamSocket;
  refusal = nullptr;
  const TlsOperation operation;  // first in, last out: a socket given up says goodbye under it
  try {
    SecureStreamSocket secured = SecureStreamSocket::attach(socket, host, context());
    for (;;) {
      limits.check();
      const int result = secured.completeHandshake();
      if (result > 0) break;
      if (result == 0) fail_unavailable("tls", host + " closed the connection; try again");
      const short events = result == SecureStreamSocket::ERR_SSL_WANT_WRITE ? POLLOUT : POLLIN;
      wait_for_descriptor(socket.impl()->sockfd(), events, limits);
    }
    check_host(secured, host);
    return secured;
  } catch (const Poco::Exception& e) {
    if (refusal != nullptr) refuse(host, refusal);
    fail_unavailable("tls", fmt::format("no secure connection to {}: {}; try again, or check the "
                                        "address",
                                        host, e.message()));
  }
}

}  // namespace cartpilot::net
