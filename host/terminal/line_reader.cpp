#include "terminal/line_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "cli/interrupt.h"
#include "terminal/line_editor.h"

namespace cartpilot::host {

namespace {

std::string without_end(std::string line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  return line;
}

/// Lines from a pipe or file.
class PlainReader final : public LineReader {
 public:
  std::optional<Line> next() override {
    Line line;
    const Interrupt interrupt;
    while (true) {
      const std::size_t end = buffer_.find('\n', scanned_);
      if (end != std::string::npos) return take(end + 1, line);
      scanned_ = buffer_.size();
      if (buffer_.size() > kMaxMessageBytes + 1) {
        line.too_long = true;
        buffer_.clear();
        scanned_ = 0;
      }
      pollfd waiting{STDIN_FILENO, POLLIN, 0};
      if (::poll(&waiting, 1, 100) <= 0) {
        if (interrupt.cancelled()) return interrupted();
        continue;
      }
      char block[65536];
      const ssize_t got = ::read(STDIN_FILENO, block, sizeof block);
      if (got > 0) {
        buffer_.append(block, static_cast<std::size_t>(got));
      } else if (got < 0 && errno == EINTR) {
        if (interrupt.cancelled()) return interrupted();
      } else {
        if (buffer_.empty() && !line.too_long) return std::nullopt;
        return take(buffer_.size(), line);
      }
    }
  }

 private:
  std::optional<Line> take(std::size_t size, Line line) {
    line.text = without_end(buffer_.substr(0, size));
    if (line.too_long || line.text.size() > kMaxMessageBytes) {
      line.text.clear();
      line.too_long = true;
    }
    buffer_.erase(0, size);
    scanned_ = 0;
    return line;
  }

  static std::optional<Line> interrupted() {
    Line line;
    line.interrupted = true;
    return line;
  }

  std::string buffer_;
  std::size_t scanned_ = 0;
};

}  // namespace

std::unique_ptr<LineReader> make_line_reader(const std::filesystem::path& history) {
  if (::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1) return make_line_editor(history);
  return std::make_unique<PlainReader>();
}

}  // namespace cartpilot::host
