#include "mcp/stdio.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"

namespace cartpilot::mcp {
namespace {

constexpr int kLookMs = 50;
constexpr std::size_t kBlock = 64 * 1024;
/// What a pipe that is ready takes without blocking.
constexpr std::size_t kWriteBlock = 4096;
/// For a client that does not read, once the server is to end.
constexpr std::chrono::milliseconds kLastWrite{1'000};

/// Writes messages as lines.
class LineSink final : public ReplySink {
 public:
  explicit LineSink(int descriptor) : descriptor_(descriptor) {}

  void notify(const Json& notification) override { put(notification); }
  void answer(const Json& response) override {
    if (!response.is_null()) put(response);
  }
  bool broken() const { return broken_; }
  /// From now on a client that does not read is not waited for.
  void end() { ending_ = true; }

 private:
  void put(const Json& message) {
    const std::string line = wire_text(message) + "\n";
    const std::lock_guard lock(mutex_);
    for (std::size_t sent = 0; sent < line.size() && !broken_;) {
      if (!wait_until_ready()) break;
      const ssize_t part =
          ::write(descriptor_, line.data() + sent, std::min(line.size() - sent, kWriteBlock));
      if (part > 0) sent += static_cast<std::size_t>(part);
      if (part < 0 && errno != EINTR && errno != EAGAIN) broken_ = true;
    }
  }

  bool wait_until_ready() {
    std::optional<base::SteadyTime> end;
    for (;;) {
      pollfd waiting{descriptor_, POLLOUT, 0};
      if (::poll(&waiting, 1, kLookMs) > 0) return true;
      if (!ending_) continue;
      if (!end) end = base::steady_now() + kLastWrite;
      if (base::steady_now() < *end) continue;
      broken_ = true;
      return false;
    }
  }

  const int descriptor_;
  std::atomic<bool> ending_{false};
  std::atomic<bool> broken_{false};
  std::mutex mutex_;
};

/// Cuts what is read into lines.
class LineReader {
 public:
  enum class Read { kLine, kTooLong, kNothing, kEnd };

  LineReader(int descriptor, std::size_t max_bytes)
      : descriptor_(descriptor), max_bytes_(max_bytes) {}

  /// Waits kLookMs at most.
  Read next(std::string& line) {
    for (;;) {
      if (const auto read = cut(line)) return *read;
      if (ended_) return Read::kEnd;
      pollfd waiting{descriptor_, POLLIN, 0};
      if (::poll(&waiting, 1, kLookMs) <= 0) return Read::kNothing;
      char block[kBlock];
      const ssize_t got = ::read(descriptor_, block, sizeof block);
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) return Read::kNothing;
      if (got <= 0) {
        ended_ = true;
        // A last line needs no line feed.
        if (!received_.empty()) received_ += '\n';
      } else {
        received_.append(block, static_cast<std::size_t>(got));
      }
    }
  }

 private:
  std::optional<Read> cut(std::string& line) {
    const std::size_t end = received_.find('\n', searched_);
    if (end == std::string::npos) {
      searched_ = received_.size();
      if (received_.size() <= max_bytes_) return std::nullopt;
      received_.clear();
      searched_ = 0;
      if (skipping_) return std::nullopt;
      skipping_ = true;
      return Read::kTooLong;
    }
    line = received_.substr(0, end);
    received_.erase(0, end + 1);
    searched_ = 0;
    if (skipping_) {
      skipping_ = false;  // the rest of a line that was refused
      return cut(line);
    }
    return line.size() > max_bytes_ ? Read::kTooLong : Read::kLine;
  }

  const int descriptor_;
  const std::size_t max_bytes_;
  std::string received_;
  std::size_t searched_ = 0;
  bool skipping_ = false;
  bool ended_ = false;
};

bool is_blank(const std::string& line) {
  return line.find_first_not_of(" \t\r") == std::string::npos;
}

}  // namespace

StdioEnd serve_stdio(Dispatcher& dispatcher, const StdioOptions& options) {
  const pid_t parent = ::getppid();
  const auto sink = std::make_shared<LineSink>(options.output);
  LineReader reader(options.input, options.max_line_bytes);
  const auto reason_to_end = [&]() -> std::optional<StdioEnd> {
    if (sink->broken()) return StdioEnd::kOutputClosed;
    if (options.must_end && options.must_end()) return StdioEnd::kStopped;
    if (::getppid() != parent) return StdioEnd::kParentGone;
    return std::nullopt;
  };
  std::optional<StdioEnd> end;
  while (!end) {
    std::string line;
    switch (reader.next(line)) {
      case LineReader::Read::kNothing: break;
      case LineReader::Read::kEnd: end = StdioEnd::kInputClosed; break;
      case LineReader::Read::kTooLong:
        dispatcher.refuse(ProtocolError(kParseError, "the line is too long"), *sink);
        break;
      case LineReader::Read::kLine:
        if (!is_blank(line)) dispatcher.receive(line, sink);
        break;
    }
    if (const auto reason = reason_to_end()) end = reason;
  }
  if (end == StdioEnd::kInputClosed) {
    const auto limit = base::steady_now() + options.grace;
    while (!dispatcher.wait_until_idle(std::chrono::milliseconds(kLookMs)) &&
           base::steady_now() < limit && !reason_to_end()) {
    }
  }
  sink->end();
  dispatcher.hurry();
  dispatcher.wait_until_idle(options.grace);
  return *end;
}

}  // namespace cartpilot::mcp
