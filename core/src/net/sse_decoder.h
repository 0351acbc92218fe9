// SseDecoder: server-sent events out of bytes, however they are cut.
//
// Accepts LF, CRLF and CR, a BOM, comments, several data lines, no final blank line. Keeps no more
// than one event in memory and refuses one larger than the limit. Views given to the callback live
// until it returns. One thread.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cartpilot/http.h"

namespace cartpilot::net {

class SseDecoder {
 public:
  /// Returns false to stop; then feed() and finish() do nothing more and return false.
  using Callback = std::function<bool(const HttpEvent&)>;

  SseDecoder(Callback callback, std::size_t max_event_bytes);

  /// Throws Error{kProtocol, reason "too_large"} for an event over the limit.
  bool feed(std::string_view bytes);

  /// End of the stream: dispatches an event that lacks its blank line, and stray lines.
  bool finish();

 private:
  void line(std::string_view text);
  void blank_line();
  void flush_stray();
  void emit(HttpEvent::Kind kind, std::string_view name, std::string_view data);
  void check_size(std::size_t more) const;

  Callback callback_;
  std::size_t max_event_bytes_;
  std::string buffer_;  ///< start of a line whose end has not come yet
  std::string name_;
  std::optional<std::string> data_;
  std::string stray_;
  bool skip_lf_ = false;  ///< the last byte was the CR of what may be a CRLF
  bool first_line_ = true;
  bool stopped_ = false;
};

}  // namespace cartpilot::net
