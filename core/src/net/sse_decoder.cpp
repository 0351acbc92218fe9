#include "net/sse_decoder.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "net/failure.h"

namespace cartpilot::net {

SseDecoder::SseDecoder(Callback callback, std::size_t max_event_bytes)
    : callback_(std::move(callback)), max_event_bytes_(max_event_bytes) {}

bool SseDecoder::feed(std::string_view bytes) {
  while (!bytes.empty() && !stopped_) {
    if (std::exchange(skip_lf_, false) && bytes.front() == '\n') {
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t end = std::min(bytes.find_first_of("\r\n"), bytes.size());
    check_size(end);
    if (end == bytes.size()) {
      buffer_.append(bytes);
      break;
    }
    skip_lf_ = bytes[end] == '\r';
    if (buffer_.empty()) {
      line(bytes.substr(0, end));
    } else {
      buffer_.append(bytes.substr(0, end));
      line(buffer_);
      buffer_.clear();
    }
    bytes.remove_prefix(end + 1);
  }
  return !stopped_;
}

bool SseDecoder::finish() {
  if (!buffer_.empty()) line(std::exchange(buffer_, ""));
  blank_line();
  return !stopped_;
}

void SseDecoder::check_size(std::size_t more) const {
  const std::size_t data = data_ ? data_->size() : 0;
  const std::size_t kept = buffer_.size() + name_.size() + data + stray_.size();
  if (more <= max_event_bytes_ && kept <= max_event_bytes_ - more) return;
  fail_protocol("too_large",
                fmt::format("one event of the answer is larger than {} bytes", max_event_bytes_));
}

void SseDecoder::line(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (std::exchange(first_line_, false) && text.substr(0, 3) == kByteOrderMark) {
    text.remove_prefix(3);
  }
  if (text.empty()) return blank_line();
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view field = text.substr(0, colon);
  std::string_view value = text.substr(std::min(colon + 1, text.size()));
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (field.empty() || field == "id" || field == "retry") {
    flush_stray();
  } else if (field == "data") {
    flush_stray();
    data_ = data_ ? std::move(*data_) + '\n' : "";
    data_->append(value);
  } else if (field == "event") {
    flush_stray();
    name_ = value;
  } else {
    if (!stray_.empty()) stray_ += '\n';
    stray_ += text;
  }
}

void SseDecoder::blank_line() {
  if (data_) emit(HttpEvent::Kind::kEvent, name_, *data_);
  data_.reset();
  name_.clear();
  flush_stray();
}

void SseDecoder::flush_stray() {
  if (!stray_.empty()) emit(HttpEvent::Kind::kStray, "", stray_);
  stray_.clear();
}

void SseDecoder::emit(HttpEvent::Kind kind, std::string_view name, std::string_view data) {
  stopped_ = stopped_ || !callback_({kind, name, data});
}

}  // namespace cartpilot::net
