// The program part cartpilot-editing.so: lines from a person at a terminal, edited with libedit.
// Loaded at the first prompt. Ctrl-C is noticed by the program and asked for through a function.
#include <histedit.h>
#include <sys/stat.h>

#include <clocale>
#include <cstdio>
#include <string>
#include <string_view>

#include "parts/program_part.h"
#include "terminal/line_reader.h"

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

/// Lines from a person at a terminal.
class EditingReader final : public LineReader {
 public:
  EditingReader(const std::filesystem::path& file, bool (*interrupted)())
      : file_(file), interrupted_(interrupted) {
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
    if (interrupted_()) {
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
    const mode_t mask = ::umask(0077);
    history(history_, &event, H_SAVE, file_.c_str());
    ::umask(mask);
  }

  std::filesystem::path file_;
  bool (*interrupted_)();
  EditLine* editor_;
  History* history_;
};

}  // namespace

}  // namespace cartpilot::host

CARTPILOT_PROGRAM_PART

/// The caller owns what it gets. `interrupted` says whether Ctrl-C was pressed.
extern "C" __attribute__((visibility("default"))) cartpilot::host::LineReader*
cartpilot_part_make_editing_reader(const std::filesystem::path& history, bool (*interrupted)()) {
  return new cartpilot::host::EditingReader(history, interrupted);
}
