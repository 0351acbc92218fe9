#include "http_reader.h"

#include <strings.h>

#include <algorithm>
#include <charconv>

namespace cartpilot::load {
namespace {

constexpr std::size_t kMaxHead = 64 * 1024;

bool number_of(std::string_view text, int base, std::size_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && end != text.data();
}

}  // namespace

void HttpReader::add(std::string_view bytes) {
  body_ = {};
  if (at_ == bytes_.size()) {
    bytes_.clear();
    at_ = 0;
  }
  bytes_.append(bytes);
}

std::string_view HttpReader::start() const {
  return std::string_view(head_).substr(0, head_.find("\r\n"));
}

int HttpReader::status() const {
  std::size_t status = 0;
  const std::string_view first = start();
  if (!first.starts_with("HTTP/1.") || first.size() < 12) return 0;
  return number_of(first.substr(9, 3), 10, status) ? static_cast<int>(status) : 0;
}

std::string_view HttpReader::header(std::string_view name) const {
  const std::string_view head = head_;
  for (std::size_t at = head.find("\r\n"); at != head.npos; at = head.find("\r\n", at)) {
    at += 2;
    const std::string_view line = head.substr(at, head.find("\r\n", at) - at);
    if (line.size() <= name.size() || line[name.size()] != ':' ||
        ::strncasecmp(line.data(), name.data(), name.size()) != 0) {
      continue;
    }
    const std::size_t value = line.find_first_not_of(' ', name.size() + 1);
    return value == line.npos ? std::string_view() : line.substr(value);
  }
  return {};
}

HttpReader::Part HttpReader::read_head() {
  const std::size_t end = bytes_.find("\r\n\r\n", at_);
  if (end == bytes_.npos) return bytes_.size() - at_ > kMaxHead ? Part::kBad : Part::kNone;
  head_ = bytes_.substr(at_, end + 2 - at_);
  at_ = end + 4;
  const std::string_view length = header("Content-Length");
  left_ = 0;
  if (header("Transfer-Encoding") == "chunked") {
    state_ = State::kChunkSize;
  } else if (!length.empty()) {
    if (!number_of(length, 10, left_)) return Part::kBad;
    state_ = left_ > 0 ? State::kLength : State::kEnd;
  } else {
    state_ = status() >= 200 && status() != 204 ? State::kUntilClose : State::kEnd;
  }
  return Part::kHead;
}

HttpReader::Part HttpReader::take_body(State then) {
  const std::size_t size = std::min(left_, bytes_.size() - at_);
  if (size == 0) return Part::kNone;
  body_ = std::string_view(bytes_).substr(at_, size);
  at_ += size;
  left_ -= size;
  if (left_ == 0) state_ = then;
  return Part::kBody;
}

bool HttpReader::take_line(std::string_view& line) {
  const std::size_t end = bytes_.find("\r\n", at_);
  if (end == bytes_.npos) return false;
  line = std::string_view(bytes_).substr(at_, end - at_);
  at_ = end + 2;
  return true;
}

HttpReader::Part HttpReader::next() {
  std::string_view line;
  for (;;) {
    switch (state_) {
      case State::kHead: return read_head();
      case State::kLength: return take_body(State::kEnd);
      case State::kChunkSize:
        if (!take_line(line)) return Part::kNone;
        if (!number_of(line, 16, left_)) return Part::kBad;
        state_ = left_ > 0 ? State::kChunk : State::kTrailer;
        break;
      case State::kChunk: return take_body(State::kChunkEnd);
      case State::kChunkEnd:
        if (!take_line(line)) return Part::kNone;
        state_ = State::kChunkSize;
        break;
      case State::kTrailer:
        if (!take_line(line)) return Part::kNone;
        if (line.empty()) state_ = State::kEnd;
        break;
      case State::kUntilClose: left_ = bytes_.size() - at_; return take_body(State::kUntilClose);
      case State::kEnd: state_ = State::kHead; return Part::kEnd;
    }
  }
}

}  // namespace cartpilot::load
