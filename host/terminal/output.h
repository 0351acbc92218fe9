// The two funnels everything printed goes through: redacted, and without a byte that could steer a
// terminal.
//
// out() is standard output. When it cannot be written, out() throws Error{kUnavailable, reason
// "output"}, and so does every later call: output with a hole must not look whole. err() is
// standard error; what it cannot write is lost, and nothing ends because of it. Not for concurrent
// use.
#pragma once

#include <string>
#include <string_view>

namespace cartpilot::host {

/// Writes `text` as it is except for secrets. The caller made it safe (or it is JSON).
void out(std::string_view text);
void err(std::string_view text);

/// One line for a person: control bytes removed, line breaks and runs of blanks turned into one
/// blank, "\n" added.
void out_line(std::string_view text);
/// The same for a row of a table: blanks are kept.
void out_row(std::string_view text);
void err_line(std::string_view text);

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

/// True when TERM names a terminal that knows escape sequences.
bool terminal_knows_sequences();

/// True when standard error is a terminal and colours are wanted (NO_COLOR).
bool err_has_style();

}  // namespace cartpilot::host
