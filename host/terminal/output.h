// The one door to standard output and standard error: what passes is redacted, and holds nothing
// that could steer a terminal, hide, or look like a line of the program.
//
// When standard output cannot be written, all out functions throw Error{kUnavailable, reason
// "output"}, and so does every later call: output with a hole must not look whole. What standard
// error cannot take is lost, and nothing ends because of it. Not for concurrent use.
#pragma once

#include <string>
#include <string_view>

#include "cartpilot/json.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

/// One JSON value on a line of its own.
void out_json(const Json& value);

/// Whole text of several lines, as it is.
void out_text(std::string_view text);
void err_text(std::string_view text);

/// One line for a person: line breaks and runs of blanks turned into one blank, "\n" added.
void out_line(std::string_view text);
void err_line(std::string_view text);
/// The same for a row of a table: blanks are kept.
void out_row(std::string_view text);
/// err_line() in the colour of what can be passed over.
void err_status(std::string_view text);

/// A line in which the program itself speaks of purchases: text::kMark and `text`.
void out_marked(std::string_view text);
void err_marked(std::string_view text);
std::string marked_line(std::string_view text);

/// out_line() and err_line() for what no recording holds.
void out_line_past_tape(std::string_view text);
void err_line_past_tape(std::string_view text);

/// Text of a model that comes in pieces, on standard output.
class TextStream {
 public:
  /// True when something was shown.
  bool feed(std::string_view piece);
  /// Shows what was held back.
  bool finish();
  bool ends_line() const { return ends_line_; }

 private:
  bool show(const std::string& safe);

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

/// True when standard error is a terminal and colours are wanted (NO_COLOR).
bool err_has_style();

}  // namespace cartpilot::host
