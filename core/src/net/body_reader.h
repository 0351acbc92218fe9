// BodyReader: the body of one answer, piece by piece as the bytes arrive, and proof of its end.
//
// A body that stops before the end it announced is an error, never a short body. Refers to its
// connection; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/call_limits.h"
#include "net/connection.h"
#include "net/http_message.h"

namespace cartpilot::net {

class BodyReader {
 public:
  BodyReader(Connection& connection, const Framing& framing);

  /// The next bytes; empty at the end of the body. The view lives until the next call. Throws
  /// Error{kUnavailable, "reset"} for a body that was cut, {kProtocol, "http"} for chunks that
  /// cannot be read.
  std::string_view next(CallLimits& limits);

  /// True when the end was reached and the connection stands at the start of a next answer.
  bool ended() const { return state_ == State::kEnd; }

 private:
  enum class State { kLength, kChunkHead, kChunkData, kUntilClose, kEnd, kClosed };

  std::string_view piece(CallLimits& limits);
  void read_chunk_head(CallLimits& limits);
  void read_chunk_line(CallLimits& limits);
  [[noreturn]] void cut() const;
  [[noreturn]] void unreadable() const;

  Connection& connection_;
  State state_;
  std::uint64_t remaining_ = 0;  ///< of the body or of the chunk
  std::size_t given_ = 0;        ///< handed out by the last next(), not consumed yet
  bool after_chunk_ = false;     ///< the line end behind a chunk's data is still to come
  std::string line_;
};

}  // namespace cartpilot::net
