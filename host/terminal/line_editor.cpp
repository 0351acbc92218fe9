#include "terminal/line_editor.h"

#include <fcntl.h>
#include <histedit.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "base/private_files.h"
#include "cli/interrupt.h"

namespace cartpilot::host {

namespace {

std::string without_line_end(std::string_view line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  return std::string(line);
}

char* prompt_text(EditLine*) {
  static char text[] = "you> ";
  return text;
}

/// Standard output, of which a copy is kept.
ssize_t write_and_keep(void* kept, const char* bytes, std::size_t size) {
  const ssize_t written = ::write(STDOUT_FILENO, bytes, size);
  if (written > 0) {
    static_cast<std::string*>(kept)->append(bytes, static_cast<std::size_t>(written));
  }
  return written;
}

class LineEditor final : public LineReader {
 public:
  LineEditor(const std::filesystem::path& file, bool keeps_screen) : file_(file) {
    std::setlocale(LC_CTYPE, "");  // multi-byte editing needs the person's character set
    if (keeps_screen) {
      kept_out_ = ::fopencookie(&screen_, "w", {nullptr, write_and_keep, nullptr, nullptr});
      if (kept_out_ != nullptr) out_ = kept_out_;
    }
    editor_ =
        el_init_fd("cartpilot", stdin, out_, stderr, STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO);
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

  ~LineEditor() override {
    history_end(history_);
    el_end(editor_);
    if (kept_out_ != nullptr) std::fclose(kept_out_);
  }

  std::string take_screen() override { return std::exchange(screen_, ""); }

  std::optional<Line> next() override {
    int length = 0;
    const char* text = el_gets(editor_, &length);
    Line line;
    if (Interrupt().cancelled()) {
      el_set(editor_, EL_REFRESH);
      std::fputs("\n", out_);
      std::fflush(out_);
      line.interrupted = true;
      return line;
    }
    if (text == nullptr || length <= 0) {
      std::fputs("\n", out_);
      std::fflush(out_);
      return std::nullopt;
    }
    line.text = without_line_end({text, static_cast<std::size_t>(length)});
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
    // The library keeps the mode of a file that is there.
    const int made = base::open_private_file(file_, O_WRONLY | O_CREAT);
    if (made >= 0) ::close(made);
    history(history_, &event, H_SAVE, file_.c_str());
  }

  std::filesystem::path file_;
  std::string screen_;
  std::FILE* kept_out_ = nullptr;
  std::FILE* out_ = stdout;
  EditLine* editor_;
  History* history_;
};

}  // namespace

std::unique_ptr<LineReader> make_line_editor(const std::filesystem::path& history,
                                             bool keeps_screen) {
  return std::make_unique<LineEditor>(history, keeps_screen);
}

}  // namespace cartpilot::host
