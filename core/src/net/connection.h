// Connection: one open way to a server, plain or TLS, read and written under CallLimits.
//
// Waiting happens in slices of at most 20 ms, between which the limits are asked, so nothing on the
// network can hold a cancelled call. A plain connection waits in recv() itself: asking poll() first
// would cost a tenth of what an event takes from the wire to the screen. Owned by one call at a
// time; a pool may keep it in between. Errors: {kUnavailable, retryable, "reset"} when the other
// side broke off, and those of CallLimits.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "net/call_limits.h"
#include "net/socket.h"
#include "net/tls_backend.h"

namespace cartpilot::net {

class Connection {
 public:
  /// `socket` is connected and does not block; `tls` is spoken over it, if it is not null; `peer`
  /// names the server in messages.
  Connection(Socket socket, std::unique_ptr<TlsStream> tls, std::string peer);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send(std::string_view bytes, CallLimits& limits);

  /// What was received and not consumed yet; waits until there is something. Empty at the end of
  /// the stream. The view lives until the next call.
  std::string_view received(CallLimits& limits);
  void consume(std::size_t size) { first_ += size; }

  /// True once a byte arrived since forget(): the other side has begun to answer.
  bool heard() const { return heard_; }
  void forget() { heard_ = false; }

  /// True when nothing came since the last answer: still open, and not out of step.
  bool idle_and_open();

  /// Gives up the open socket; this connection is done then.
  Socket release();

  const std::string& peer() const { return peer_; }

 private:
  int transmit(const char* bytes, std::size_t size);
  int receive(CallLimits& limits);
  int receive_plain(const CallLimits& limits);

  Socket socket_;
  std::unique_ptr<TlsStream> tls_;  // after the socket: says goodbye while it is open
  bool heard_ = false;
  std::string peer_;
  std::size_t first_ = 0;  ///< the unconsumed part of buffer_
  std::size_t last_ = 0;
  std::array<char, 16384> buffer_;
};

/// Reads one line, without its CRLF or LF, into `line`. False at the end of the stream. `budget` is
/// what may still be read; over it: Error{kProtocol, "http"}.
bool read_line(Connection& connection, CallLimits& limits, std::size_t& budget, std::string& line);

}  // namespace cartpilot::net
