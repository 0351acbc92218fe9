// MarkdownStream: a model's answer in Markdown as text for a terminal, as it streams.
//
// Words are shown as they come; what is inside an open mark, a heading, a line of code or a table
// waits until it is complete; behind 16 kB of one paragraph marks are text. Reading marks and
// tables is md4c's work; here is decided what kind of line begins, and what stands in front of its
// rows. Text that comes in was made safe for a terminal already, but taking marks away can spell a
// key or the program's mark anew: what is shown is redacted and made safe once more. A value; one
// thread.
#pragma once

#include <string>
#include <string_view>

#include "terminal/markdown/inline_marks.h"
#include "terminal/markdown/word_wrap.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

class MarkdownStream {
 public:
  /// Without `redraw` nothing on the screen is changed, and tables are lines "column: value".
  explicit MarkdownStream(WordWrap::Options options) : options_(options), wrap_(options) {}

  /// What to write for the next piece.
  std::string feed(std::string_view piece);
  /// The rest, up to a line end, and a fresh state.
  std::string finish();
  /// Nothing was written since the last line end.
  bool at_line_start() const { return wrap_.at_start(); }

 private:
  enum class Line { kUndecided, kText, kHeading, kCode, kTable };
  void take(char c, std::string& out);
  /// Decides what `line_` is; false: its next character is needed. `whole`: there is none.
  bool decide(bool whole, std::string& out);
  void end_source_line(std::string& out);
  /// Source that is shown as it is, in rows of the terminal.
  void show_source(std::string_view line, std::string_view margin, Look look, std::string& out);
  void begin_text(std::string_view text, const std::string& first, const std::string& others,
                  std::string& out);
  void begin_block(const std::string& first, const std::string& others, std::string& out);
  void end_block(std::string& out);
  void end_table(std::string& out);
  void code_line(std::string& out);
  void show_settled(bool all, std::string& out);
  void show(std::string_view text, Look look, std::string& out);
  void flush_shown(std::string& out);

  WordWrap::Options options_;
  WordWrap wrap_;
  Line kind_ = Line::kUndecided;
  std::string line_;      ///< of the source, as far as it was not taken
  std::string held_;      ///< text of the open block that is not shown yet
  char before_ = 0;       ///< the last character in front of it
  std::size_t size_ = 0;  ///< of the open block, as far as it was shown
  bool open_ = false;     ///< a block was begun and not ended
  std::string fence_;     ///< of the code we are in
  std::string table_;     ///< its lines
  bool gap_ = false;      ///< an empty line is due before the next block
  bool any_ = false;      ///< something was shown
  text::RedactionStream redaction_;
  text::TerminalFilter filter_;
};

}  // namespace cartpilot::host
