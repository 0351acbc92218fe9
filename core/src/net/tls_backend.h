// TlsContext and TlsStream: what the client needs of TLS.
//
// Nothing here throws except
// make_tls_context(): problems are values. A context is thread-safe; a stream belongs to one thread
// at a time and ends before its socket. Streams may outlive their context once they shook hands.
#pragma once

#include <cstddef>
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

/// TLS over one socket. Its end says goodbye to the other side, if that is possible without
/// waiting.
class TlsStream {
 public:
  virtual ~TlsStream() = default;

  enum class Step { kDone, kWantsRead, kWantsWrite, kFailed, kRefused };
  struct Progress {
    Step step = Step::kDone;
    std::string problem;  ///< of kFailed and kRefused
  };

  /// Goes on with the handshake. After kDone the certificate was accepted and belongs to the host;
  /// kRefused says why it was not.
  virtual Progress shake_hands() = 0;

  // What read() and write() give instead of a size.
  static constexpr int kWantsRead = -1;
  static constexpr int kWantsWrite = -2;
  static constexpr int kBroken = -3;

  /// 0 at the end that the other side announced. One that it did not announce is kBroken: anybody
  /// on the way could have made it.
  virtual int read(char* target, std::size_t size) = 0;
  /// May take a part. After kWants... the same bytes must be given again, from wherever.
  virtual int write(const char* bytes, std::size_t size) = 0;
};

/// One set of trusted certificates and rules.
class TlsContext {
 public:
  virtual ~TlsContext() = default;

  /// Puts TLS around a connected, non-blocking socket, to speak with `host` and nobody else.
  /// Nothing is sent yet; what goes wrong is told by shake_hands().
  virtual std::unique_ptr<TlsStream> wrap(int descriptor, const std::string& host) = 0;
};

/// Throws Error{kUnavailable, reason "tls"} when it cannot be had.
std::unique_ptr<TlsContext> make_tls_context(const TrustPlaces& places);

}  // namespace cartpilot::net
