#include "net/body_reader.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "net/failure.h"

namespace cartpilot::net {
namespace {

/// Longest line between chunks, extensions included, and longest trailer.
constexpr std::size_t kMaxChunkLine = 16 * 1024;

}  // namespace

BodyReader::BodyReader(Connection& connection, const Framing& framing)
    : connection_(connection), state_(State::kEnd), remaining_(framing.length) {
  switch (framing.kind) {
    case Framing::Kind::kNone: break;
    case Framing::Kind::kLength:
      if (framing.length > 0) state_ = State::kLength;
      break;
    case Framing::Kind::kChunked: state_ = State::kChunkHead; break;
    case Framing::Kind::kUntilClose: state_ = State::kUntilClose; break;
  }
}

std::string_view BodyReader::next(CallLimits& limits) {
  connection_.consume(given_);
  given_ = 0;
  if (state_ == State::kLength && remaining_ == 0) state_ = State::kEnd;
  if (state_ == State::kChunkData && remaining_ == 0) {
    state_ = State::kChunkHead;
    after_chunk_ = true;
  }
  if (state_ == State::kChunkHead) read_chunk_head(limits);
  if (state_ == State::kEnd || state_ == State::kClosed) return {};
  return piece(limits);
}

std::string_view BodyReader::piece(CallLimits& limits) {
  std::string_view bytes = connection_.received(limits);
  if (bytes.empty()) {
    if (state_ != State::kUntilClose) cut();
    state_ = State::kClosed;
    return {};
  }
  if (state_ != State::kUntilClose) {
    bytes = bytes.substr(
        0, static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), remaining_)));
    remaining_ -= bytes.size();
  }
  given_ = bytes.size();
  return bytes;
}

void BodyReader::read_chunk_line(CallLimits& limits) {
  std::size_t budget = kMaxChunkLine;
  if (!read_line(connection_, limits, budget, line_)) cut();
}

void BodyReader::read_chunk_head(CallLimits& limits) {
  if (after_chunk_) {
    read_chunk_line(limits);
    if (!line_.empty()) unreadable();
    after_chunk_ = false;
  }
  read_chunk_line(limits);
  const char* const end = line_.data() + line_.size();
  const auto parsed = std::from_chars(line_.data(), end, remaining_, 16);
  const bool ends_there = parsed.ptr == end || *parsed.ptr == ';' || *parsed.ptr == ' ';
  if (parsed.ec != std::errc() || !ends_there) unreadable();
  if (remaining_ > 0) {
    state_ = State::kChunkData;
    return;
  }
  std::size_t budget = kMaxChunkLine;
  do {  // trailers, which nobody here asks for, up to the blank line
    if (!read_line(connection_, limits, budget, line_)) cut();
  } while (!line_.empty());
  state_ = State::kEnd;
}

void BodyReader::cut() const {
  fail_unavailable("reset", fmt::format("{} broke off in the middle of its answer; try again",
                                        connection_.peer()));
}

void BodyReader::unreadable() const {
  fail_protocol("http",
                fmt::format("{} sent a chunked answer that cannot be read", connection_.peer()));
}

}  // namespace cartpilot::net
