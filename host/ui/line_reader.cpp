#include "ui/line_reader.h"

#include <fcntl.h>
#include <histedit.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <clocale>
#include <cstdio>

#include "cli/interrupt.h"

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

char* prompt_text(EditLine*) {
  static char text[] = "you> ";
  return text;
}

/// Lines from a person at a terminal.
class EditingReader final : public LineReader {
 public:
  explicit EditingReader(const std::filesystem::path& file) : file_(file) {
    std::setlocale(LC_CTYPE, "");  // multi-byte editing needs the person's character set
    editor_ = el_init("cartpilot", stdin, stdout, stderr);
    el_set(editor_, EL_PROMPT, prompt_text);
    el_set(editor_, EL_EDITOR, "emacs");
    el_set(editor_, EL_SIGNAL, 0);
    history_ = history_init();
    HistEvent event;
    history(history_, &event, H_SETSIZE, 1000);
    history(history_, &event, H_SETUNIQUE, 1);
    el_set(editor_, EL_HIST, history, history_);
    if (!file_.empty()) history(history_, &event, H_LOAD, file_.c_str());
  }

  ~EditingReader() override {
    history_end(history_);
    el_end(editor_);
  }

  std::optional<Line> next() override {
    int length = 0;
    const char* text = el_gets(editor_, &length);
    Line line;
    if (Interrupt().cancelled()) {
      el_set(editor_, EL_REFRESH);
      std::fputs("\n", stdout);
      std::fflush(stdout);
      line.interrupted = true;
      return line;
    }
    if (text == nullptr || length <= 0) {
      std::fputs("\n", stdout);
      std::fflush(stdout);
      return std::nullopt;
    }
    line.text = without_end(std::string(text, static_cast<std::size_t>(length)));
    if (line.text.size() > kMaxMessageBytes) {
      line.text.clear();
      line.too_long = true;
    } else if (line.text.find_first_not_of(" \t") != std::string::npos) {
      remember(text);
    }
    return line;
  }

 private:
  void remember(const char* text) {
    HistEvent event;
    history(history_, &event, H_ENTER, text);
    if (file_.empty()) return;
    const mode_t mask = ::umask(0077);
    history(history_, &event, H_SAVE, file_.c_str());
    ::umask(mask);
  }

  std::filesystem::path file_;
  EditLine* editor_;
  History* history_;
};

}  // namespace

std::unique_ptr<LineReader> make_line_reader(const std::filesystem::path& history) {
  if (::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1)
    return std::make_unique<EditingReader>(history);
  return std::make_unique<PlainReader>();
}

}  // namespace cartpilot::host
