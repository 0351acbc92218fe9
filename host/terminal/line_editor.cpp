#include "terminal/line_editor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <histedit.h>
#include <langinfo.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/private_files.h"
#include "cli/interrupt.h"
#include "terminal/history_file.h"
#include "terminal/line_input.h"
#include "terminal/output.h"
#include "terminal/tty.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

constexpr const char* kPrompt = "you> ";
// Stands for Enter behind a backslash; no keyboard has a use for it here.
constexpr wchar_t kContinueKey = 0x1F;
constexpr int kLookMs = 100;

volatile std::sig_atomic_t continued = 0;
volatile std::sig_atomic_t resized = 0;

void note_signal(int signal) { (signal == SIGCONT ? continued : resized) = 1; }

// Takes effect while a line is edited; what was there before comes back afterwards.
class TerminalSignals {
 public:
  TerminalSignals() {
    struct sigaction action {};
    action.sa_handler = note_signal;
    ::sigaction(SIGCONT, &action, &continue_before_);
    ::sigaction(SIGWINCH, &action, &resize_before_);
  }
  ~TerminalSignals() {
    ::sigaction(SIGCONT, &continue_before_, nullptr);
    ::sigaction(SIGWINCH, &resize_before_, nullptr);
  }
  TerminalSignals(const TerminalSignals&) = delete;
  TerminalSignals& operator=(const TerminalSignals&) = delete;

 private:
  struct sigaction continue_before_ {};
  struct sigaction resize_before_ {};
};

// What is typed while the program works waits for the next prompt. In whole lines the kernel would
// cut it at 4,095 bytes, and its echo would stand in the middle of an answer.
class TypeAhead {
 public:
  TypeAhead() { known_ = ::tcgetattr(STDIN_FILENO, &lines_) == 0; }
  ~TypeAhead() { read_lines(); }
  TypeAhead(const TypeAhead&) = delete;
  TypeAhead& operator=(const TypeAhead&) = delete;

  void read_bytes() const {
    termios bytes = lines_;
    bytes.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    if (known_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &bytes);
  }
  void read_lines() const {
    if (known_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &lines_);
  }

 private:
  termios lines_{};
  bool known_ = false;
};

// The editor counts in characters, also in the C locale, whose characters are bytes.
void use_utf8() {
  std::setlocale(LC_CTYPE, "");
  if (std::strcmp(::nl_langinfo(CODESET), "UTF-8") != 0) std::setlocale(LC_CTYPE, "C.UTF-8");
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
  LineEditor(std::filesystem::path file, bool keeps_screen, Completions completions)
      : file_(std::move(file)), completions_(std::move(completions)) {
    use_utf8();
    if (keeps_screen) {
      kept_out_ = ::fopencookie(&screen_, "w", {nullptr, write_and_keep, nullptr, nullptr});
      if (kept_out_ != nullptr) out_ = kept_out_;
    }
    editor_ =
        el_init_fd("cartpilot", stdin, out_, stderr, STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO);
    el_set(editor_, EL_CLIENTDATA, this);
    el_set(editor_, EL_PROMPT, prompt_text);
    el_set(editor_, EL_EDITOR, "emacs");
    el_set(editor_, EL_SIGNAL, 0);
    el_set(editor_, EL_GETCFN, read_key);
    el_set(editor_, EL_ADDFN, "cartpilot-new-line", "begins a new line", new_line);
    el_set(editor_, EL_ADDFN, "cartpilot-continue", "goes on in a new line", continue_line);
    el_set(editor_, EL_ADDFN, "cartpilot-paste", "takes a pasted block", paste);
    el_set(editor_, EL_ADDFN, "cartpilot-complete", "completes a word", complete);
    el_set(editor_, EL_BIND, "^I", "cartpilot-complete", nullptr);
    el_set(editor_, EL_BIND, "\\e^M", "cartpilot-new-line", nullptr);
    el_set(editor_, EL_BIND, "\\e^J", "cartpilot-new-line", nullptr);
    el_set(editor_, EL_BIND, "^_", "cartpilot-continue", nullptr);
    el_set(editor_, EL_BIND, "\\e[200~", "cartpilot-paste", nullptr);
    el_set(editor_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    history_ = history_init();
    HistEvent event;
    history(history_, &event, H_SETSIZE, kHistoryLines);
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
    const TerminalSignals signals;
    // Before the prompt: the editor sets its own modes only with the first key it reads.
    type_ahead_.read_bytes();
    typed_ = !kept_.empty();  // a line that came back counts as typed
    write_bytes(kBracketedPasteOn);
    if (!kept_.empty()) el_push(editor_, kept_.c_str());
    kept_.clear();
    int length = 0;
    const char* text = el_gets(editor_, &length);
    write_bytes(kBracketedPasteOff);
    std::optional<Line> line = finished(text, length);
    type_ahead_.read_bytes();
    return line;
  }

  void keep(const std::string& text) override { kept_ = text; }

 private:
  void write_bytes(std::string_view bytes) const {
    std::fwrite(bytes.data(), 1, bytes.size(), out_);
    std::fflush(out_);
  }

  static char* prompt_text(EditLine*) {
    static std::string text = kPrompt;
    return text.data();
  }

  static LineEditor& self(EditLine* editor) {
    void* data = nullptr;
    el_get(editor, EL_CLIENTDATA, &data);
    return *static_cast<LineEditor*>(data);
  }

  static unsigned char new_line(EditLine* editor, wint_t) {
    return el_insertstr(editor, "\n") == 0 ? CC_REFRESH : CC_ERROR;
  }

  static unsigned char continue_line(EditLine* editor, wint_t key) {
    if (!self(editor).ends_in_backslash()) return CC_ERROR;
    el_deletestr(editor, 1);
    return new_line(editor, key);
  }

  // One word is put in; of several what they have in common, else they are listed below the line.
  static unsigned char complete(EditLine* editor, wint_t) {
    LineEditor& own = self(editor);
    const LineInfo* const line = el_line(editor);
    const std::string begun(line->buffer, line->cursor);
    if (!own.completions_) return CC_ERROR;
    const std::vector<std::string> words = own.completions_(begun);
    if (words.empty()) return CC_ERROR;
    std::string common = words.front();
    for (const std::string& word : words) {
      const auto parted = std::mismatch(common.begin(), common.end(), word.begin(), word.end());
      common.erase(parted.first, common.end());
    }
    std::string more = common.substr(begun.size() - begun.find_last_of(' ') - 1);
    if (words.size() == 1) more += ' ';
    if (!more.empty()) return el_insertstr(editor, more.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
    std::string list;
    for (const std::string& word : words) list += (list.empty() ? "" : "  ") + word;
    own.write_bytes("\r\n" + text::safe_line(list) + "\r\n");
    return CC_REDISPLAY;
  }

  static unsigned char paste(EditLine* editor, wint_t) {
    LineEditor& own = self(editor);
    std::string block;
    while (block.size() <= 2 * kMaxMessageBytes) {
      const std::size_t end = block.find(kPasteEnd);
      if (end != std::string::npos) {
        own.input_.give_back(block.substr(end + std::strlen(kPasteEnd)));
        block.resize(end);
        break;
      }
      const std::string bytes = own.input_.take_bytes();
      block += bytes;
      if (bytes.empty() && !own.wait_for_bytes()) return CC_EOF;
    }
    return el_insertstr(editor, pasted_text(block).c_str()) == 0 ? CC_REFRESH : CC_ERROR;
  }

  // A backslash at the end of the line asks for another line.
  bool ends_in_backslash() const {
    const LineInfo* line = el_line(editor_);
    return line->cursor == line->lastchar && line->lastchar != line->buffer &&
           line->lastchar[-1] == '\\';
  }

  static int read_key(EditLine* editor, wchar_t* key) {
    LineEditor& own = self(editor);
    for (;;) {
      if (const std::optional<char32_t> character = own.input_.take_character()) {
        *key = static_cast<wchar_t>(*character);
        const bool enter = *character == '\r' || *character == '\n';
        if (enter && own.ends_in_backslash()) *key = kContinueKey;
        return 1;
      }
      if (!own.wait_for_bytes()) return 0;
    }
  }

  // The editor draws where the cursor is, and takes that for the beginning of the prompt.
  void redraw(std::size_t rows_up) const {
    write_bytes(fmt::format("{}\r\x1b[J", rows_up == 0 ? "" : fmt::format("\x1b[{}A", rows_up)));
    el_set(editor_, EL_REFRESH);
  }

  // On a terminal that has broken prompt and line anew to its present width.
  std::size_t rows_above_cursor() const {
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 0;
    const LineInfo* line = el_line(editor_);
    return row_breaks(kPrompt + std::string(line->buffer, line->cursor), size.ws_col);
  }

  // False at the end of input and when Ctrl-C or another signal asks for an end.
  bool wait_for_bytes() {
    for (;;) {
      if (Interrupt().cancelled()) return false;
      // After a stop the shell has put its own modes on the terminal.
      if (std::exchange(continued, 0) != 0) {
        el_set(editor_, EL_PREP_TERM, 0);  // else the editor takes its own modes for present
        el_set(editor_, EL_PREP_TERM, 1);
        write_bytes(kBracketedPasteOn);
        redraw(0);  // what stands above may be the shell's
      }
      if (std::exchange(resized, 0) != 0) {
        el_resize(editor_);
        redraw(rows_above_cursor());
      }
      pollfd waiting{keys_.descriptor(), POLLIN, 0};
      if (::poll(&waiting, 1, kLookMs) <= 0) continue;
      char block[4096];
      const ssize_t count = ::read(keys_.descriptor(), block, sizeof block);
      if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (count <= 0) return false;
      typed_ = true;
      input_.add({block, static_cast<std::size_t>(count)});
      return true;
    }
  }

  std::optional<Line> finished(const char* text, int length) {
    Line line;
    line.typed = typed_;
    if (Interrupt().cancelled()) {
      write_bytes("\n");
      line.interrupted = true;
      return line;
    }
    if (text == nullptr || length <= 0) {
      write_bytes("\n");
      return std::nullopt;
    }
    line.text.assign(text, static_cast<std::size_t>(length));
    while (!line.text.empty() && line.text.back() == '\n') line.text.pop_back();
    line.text = composed(line.text);
    if (line.text.size() > kMaxMessageBytes) {
      line.text.clear();
      line.too_long = true;
    } else if (line.text.find_first_not_of(" \t\n") != std::string::npos) {
      remember(line.text);
    }
    return line;
  }

  void remember(const std::string& text) {
    const std::string shown = text::redact(text);
    HistEvent event;
    history(history_, &event, H_ENTER, shown.c_str());
    if (!file_.empty()) add_history_line(file_, shown);
  }

  const std::filesystem::path file_;
  const Completions completions_;
  const TypeAhead type_ahead_;
  const TerminalInput keys_;
  LineInput input_;
  std::string kept_;
  bool typed_ = false;
  std::string screen_;
  std::FILE* kept_out_ = nullptr;
  std::FILE* out_ = stdout;
  EditLine* editor_;
  History* history_;
};

}  // namespace

bool can_edit_lines() {
  return is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO) && terminal_knows_sequences();
}

std::unique_ptr<LineReader> make_line_editor(const std::filesystem::path& history,
                                             bool keeps_screen, Completions completions) {
  return std::make_unique<LineEditor>(history, keeps_screen, std::move(completions));
}

}  // namespace cartpilot::host
