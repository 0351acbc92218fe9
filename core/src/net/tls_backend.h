// TlsBackend: what the client needs of TLS, behind an interface, so that OpenSSL and what comes
// with it are loaded with the first https request and not with the program.
//
// Implemented in the program part cartpilot-tls.so. Problems are values: our exceptions do not
// cross between parts; Poco's do. Thread-safe.
#pragma once

#include <Poco/Net/StreamSocket.h>

#include <memory>
#include <string>

namespace cartpilot::net {

/// Where the certificates to trust lie. What is missing there is no error.
struct TrustPlaces {
  std::string file;    ///< "" = where OpenSSL was told to look when it was built
  std::string folder;  ///< several with ":" between them; "" = the same
  /// The file is read with the context and asked first. Otherwise it is read when the folder does
  /// not vouch for somebody: it may be large, and a folder gives one certificate at a time.
  bool file_first = false;
};

/// One set of trusted certificates and rules.
class TlsContext {
 public:
  virtual ~TlsContext() = default;

  enum class Step { kDone, kWantsRead, kWantsWrite, kClosed, kFailed, kRefused };
  struct Progress {
    Step step = Step::kDone;
    std::string problem;  ///< of kFailed and kRefused
  };

  /// Puts TLS around a connected socket; nothing is sent yet. Throws Poco::Exception.
  virtual Poco::Net::StreamSocket wrap(const Poco::Net::StreamSocket& socket,
                                       const std::string& host) = 0;

  /// Goes on with the handshake of what wrap() gave. After kDone the certificate was accepted and
  /// belongs to `host`; kRefused says why it was not.
  virtual Progress shake_hands(Poco::Net::StreamSocket& wrapped, const std::string& host) = 0;
};

class TlsBackend {
 public:
  /// Throws Poco::Exception.
  virtual std::unique_ptr<TlsContext> make_context(const TrustPlaces& places) = 0;

  /// Empties this thread's queue of OpenSSL errors, which would be taken for those of the next
  /// call.
  virtual void clear_errors() = 0;

 protected:
  ~TlsBackend() = default;  // lives as long as the process
};

/// Loads the backend on first use. Throws Error{kUnavailable, reason "tls"} when it cannot be had.
TlsBackend& tls_backend();

}  // namespace cartpilot::net
