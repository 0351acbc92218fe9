// The one door to standard output and standard error: what passes is redacted, and holds nothing
// that could steer a terminal, hide, or look like a line of the program.
//
// When standard output cannot be written, all out functions throw Error{kUnavailable, reason
// "output"}, and so does every later call: output with a hole must not look whole. What standard
// error cannot take is lost, and nothing ends because of it. One thread, but for show_transient().
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cartpilot/json.h"
#include "terminal/markdown/markdown_stream.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

/// How many columns the terminal of standard output has at present; 80 if it is none.
int out_columns();
/// From now on nothing is redrawn and nothing has a colour.
void use_plain_screen();
/// What the person wants of the screen, and the terminal can: see WordWrap.
WordWrap::Options screen_options();

/// One JSON value on a line of its own.
void out_json(const Json& value);

/// Whole text of several lines, as it is.
void out_text(std::string_view text);
void err_text(std::string_view text);

/// One line for a person: line breaks and runs of blanks turned into one blank, "\n" added.
void out_line(std::string_view text);
void err_line(std::string_view text);
/// From now on every line of standard error is a JSON object (--log-format json), without colours
/// and without rows that go away.
void use_json_errors();
/// A line that is one already.
void err_log(const std::string& line);
/// The same for a row of a table: blanks are kept.
void out_row(std::string_view text);
/// err_line() in the colour of what can be passed over.
void err_status(std::string_view text);

/// A line beside an answer on a terminal, broken at words; blanks are kept.
void out_look(std::string_view text, Look look, const WordWrap::Options& screen);
void err_look(std::string_view text, const WordWrap::Options& screen);
void out_table(const Table& table, const WordWrap::Options& screen);

/// A row on the terminal of standard error that whatever is written next takes away. `text` is cut
/// at its width, after leaving out `hint` where both do not fit. No part of a recording. Any
/// thread.
void show_transient(std::string_view text, std::string_view hint);
void end_transient();

/// Nothing happens where a terminal is not drawn on.
void clear_screen();

/// A line in which the program itself speaks of purchases: text::kMark and `text`.
void out_marked(std::string_view text);
void err_marked(std::string_view text);
/// out_marked() on a terminal: bold, and broken at words.
void out_marked(std::string_view text, const WordWrap::Options& screen);
std::string marked_line(std::string_view text);

/// out_line() and err_line() for what no recording holds.
void out_line_past_tape(std::string_view text);
void err_line_past_tape(std::string_view text);

/// Text of a model that comes in pieces, on standard output.
class TextStream {
 public:
  /// As it is.
  TextStream() = default;
  /// As Markdown on a terminal.
  explicit TextStream(const WordWrap::Options& screen);

  /// True when something was shown.
  bool feed(std::string_view piece);
  /// Shows what was held back.
  bool finish();
  bool ends_line() const { return ends_line_; }

 private:
  bool show(const std::string& safe);

  std::unique_ptr<MarkdownStream> markdown_;

  text::RedactionStream redaction_;
  text::TerminalFilter filter_;
  bool ends_line_ = true;
};

/// Whether standard input (0), output (1) or error (2) is a terminal; in a replay, whether it was.
bool is_terminal(int stream);

/// From now on nothing is shown, only compared: for a replay that only checks.
void show_nothing();
bool shows_nothing();

/// True once standard output could not be written.
bool output_failed();
/// Throws what out() throws once standard output could not be written.
void require_output();
/// Says on standard error why standard output could not be written, unless its reader is gone.
/// Returns the exit code for it.
int report_output_failure();
/// The same for a replay, which goes on comparing when nobody takes what it shows; kOk when all was
/// written.
int report_replay_output();

/// True when TERM names a terminal that knows escape sequences.
bool terminal_knows_sequences();

/// True when the terminal knows colours and the person wants them (NO_COLOR).
bool style_is_wanted();
/// The same, and standard error is a terminal.
bool err_has_style();

}  // namespace cartpilot::host
