// HttpReader: the messages of one side of a connection, as far as they have come.
//
// HTTP/1.1 with a length, in chunks, or until the connection ends; enough for the programs of the
// load measurement, not for the network. One thread.
#pragma once

#include <string>
#include <string_view>

namespace cartpilot::load {

class HttpReader {
 public:
  enum class Part {
    kNone,  ///< more bytes are needed
    kHead,
    kBody,  ///< a piece, see body()
    kEnd,   ///< of the message; another one may follow
    kBad,   ///< no HTTP
  };

  void add(std::string_view bytes);
  Part next();

  /// The first line of the message: "POST /x HTTP/1.1", "HTTP/1.1 200 OK".
  std::string_view start() const;
  /// The status of a response, 0 when the head is none.
  int status() const;
  /// The value of a header, "" = it was not sent.
  std::string_view header(std::string_view name) const;
  /// The piece of the body that next() found; valid until next() or add().
  std::string_view body() const { return body_; }

 private:
  enum class State { kHead, kLength, kChunkSize, kChunk, kChunkEnd, kTrailer, kUntilClose, kEnd };
  Part read_head();
  Part take_body(State then);
  bool take_line(std::string_view& line);

  std::string bytes_;
  std::size_t at_ = 0;  ///< what was read of them
  std::string head_;
  std::string_view body_;
  std::size_t left_ = 0;  ///< of the body, or of the chunk
  State state_ = State::kHead;
};

}  // namespace cartpilot::load
