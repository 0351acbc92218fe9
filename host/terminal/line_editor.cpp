#include "terminal/line_editor.h"

#include <fcntl.h>
#include <histedit.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <string>
#include <string_view>

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

class LineEditor final : public LineReader {
 public:
  explicit LineEditor(const std::filesystem::path& file) : file_(file) {
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

  ~LineEditor() override {
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
  EditLine* editor_;
  History* history_;
};

}  // namespace

std::unique_ptr<LineReader> make_line_editor(const std::filesystem::path& history) {
  return std::make_unique<LineEditor>(history);
}

}  // namespace cartpilot::host
