#include "net/sse_decoder.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "net/failure.h"

namespace cartpilot::net {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Remembers where the next LF and the next CR are, so that a chunk of many lines is searched once
/// for each of them and not once per line.
class LineEnds {
 public:
  explicit LineEnds(std::string_view bytes)
      : bytes_(bytes), lf_(bytes.find('\n')), cr_(bytes.find('\r')) {}

  /// First line end at or after `from`, npos when there is none.
  std::size_t next(std::size_t from) {
    if (lf_ < from) lf_ = bytes_.find('\n', from);
    if (cr_ < from) cr_ = bytes_.find('\r', from);
    return std::min(lf_, cr_);
  }

 private:
  std::string_view bytes_;
  std::size_t lf_;
  std::size_t cr_;
};

}  // namespace

SseDecoder::SseDecoder(Callback callback, std::size_t max_event_bytes)
    : callback_(std::move(callback)), max_event_bytes_(max_event_bytes) {}

bool SseDecoder::feed(std::string_view bytes) {
  if (stopped_) return false;
  LineEnds ends(bytes);
  std::size_t start = 0;
  while (start < bytes.size()) {
    if (skip_lf_) {
      skip_lf_ = false;
      if (bytes[start] == '\n') {
        ++start;
        continue;
      }
    }
    const std::size_t end = ends.next(start);
    const std::string_view piece = bytes.substr(start, end - start);
    check_size(piece.size());
    if (end == std::string_view::npos) {
      buffer_.append(piece);
      break;
    }
    skip_lf_ = bytes[end] == '\r';
    start = end + 1;
    if (buffer_.empty()) {
      if (!line(piece)) return false;
    } else {
      buffer_.append(piece);
      const bool more = line(buffer_);
      buffer_.clear();
      if (!more) return false;
    }
  }
  return true;
}

bool SseDecoder::finish() {
  if (stopped_) return false;
  if (!buffer_.empty()) {
    const bool more = line(buffer_);
    buffer_.clear();
    if (!more) return false;
  }
  return blank_line();
}

void SseDecoder::check_size(std::size_t more) const {
  const std::size_t kept = buffer_.size() + name_.size() + data_.size() + stray_.size();
  if (more <= max_event_bytes_ && kept <= max_event_bytes_ - more) return;
  fail_protocol("too_large",
                fmt::format("one event of the answer is larger than {} bytes", max_event_bytes_));
}

bool SseDecoder::line(std::string_view text) {
  if (first_line_) {
    first_line_ = false;
    if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
      text.remove_prefix(kByteOrderMark.size());
    }
  }
  if (text.empty()) return blank_line();

  const std::size_t colon = text.find(':');
  const std::string_view field = text.substr(0, colon);
  std::string_view value;
  if (colon != std::string_view::npos) {
    value = text.substr(colon + 1);
    if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  }
  const bool known =
      field.empty() || field == "data" || field == "event" || field == "id" || field == "retry";
  if (!known) {
    if (has_stray_) stray_ += '\n';
    stray_ += text;
    has_stray_ = true;
    return true;
  }
  if (!flush_stray()) return false;
  if (field == "data") {
    if (has_data_) data_ += '\n';
    data_ += value;
    has_data_ = true;
  } else if (field == "event") {
    name_ = value;
  }
  return true;
}

bool SseDecoder::blank_line() { return dispatch() && flush_stray(); }

bool SseDecoder::dispatch() {
  const bool more = !has_data_ || emit(HttpEvent::Kind::kEvent, name_, data_);
  name_.clear();
  data_.clear();
  has_data_ = false;
  return more;
}

bool SseDecoder::flush_stray() {
  if (!has_stray_) return true;
  const bool more = emit(HttpEvent::Kind::kStray, "", stray_);
  stray_.clear();
  has_stray_ = false;
  return more;
}

bool SseDecoder::emit(HttpEvent::Kind kind, std::string_view name, std::string_view data) {
  if (!callback_({kind, name, data})) stopped_ = true;
  return !stopped_;
}

}  // namespace cartpilot::net
