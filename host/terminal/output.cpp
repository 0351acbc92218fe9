#include "terminal/output.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <string>
#include <system_error>

#include "cartpilot/error.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "record/tape.h"
#include "terminal/json_log.h"
#include "terminal/markdown/table_text.h"
#include "text/ascii.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

int output_errno = 0;  // of the first write to standard output that failed
int replay_errno = 0;  // the same, of a replay: its recording knows nothing of it

/// The errno of the failure; 0 = all is written. A second Ctrl-C ends a write that nobody takes.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (errno == EAGAIN) {
      pollfd room{descriptor, POLLOUT, 0};
      if (::poll(&room, 1, -1) >= 0) continue;
    }
    if (errno != EINTR || Interrupt::cancellation().cancelled_twice()) return errno;
  }
  return 0;
}

constexpr std::size_t kMaxLine = 8'192;  // of what is meant for a line

bool silent = false;
bool plain_screen = false;
bool json_errors = false;
std::mutex transient_mutex;
bool transient_shown = false;
std::int64_t bytes_out = 0;         // given to standard output
bool output_failure_noted = false;  // in the recording

/// A failure of standard output is recorded, and comes at the same byte again.
void pass_output_by_tape(std::size_t size) {
  bytes_out += static_cast<std::int64_t>(size);
  record::Tape* const tape = record::tape();
  if (tape == nullptr || output_failure_noted) return;
  constexpr const char* kKind = "output_failed";
  if (!tape->plays()) {
    if (output_errno == 0) return;
    output_failure_noted = true;
    tape->came(kKind, {{"errno", output_errno}, {"after", bytes_out}});
  } else if (tape->comes_next(kKind) && integer_or(tape->coming(kKind), "after") == bytes_out) {
    output_failure_noted = true;
    output_errno = static_cast<int>(integer_or(tape->came(kKind, nullptr), "errno"));
  }
}

/// Standard output, as it is: the callers below made it safe.
void put_out(const std::string& clean) {
  record::Tape* const tape = record::tape();
  if (tape != nullptr) tape->shown(record::Stream::kOut, clean);
  int& failure = tape != nullptr && tape->plays() ? replay_errno : output_errno;
  end_transient();
  if (output_errno == 0 && replay_errno == 0 && !silent) failure = write_all(STDOUT_FILENO, clean);
  pass_output_by_tape(clean.size());
  require_output();
}

/// Standard error, as it is.
void show_err(const std::string& bytes) {
  if (record::Tape* const tape = record::tape()) tape->shown(record::Stream::kErr, bytes);
  end_transient();
  if (!silent) write_all(STDERR_FILENO, bytes);
}

/// Every line as an object of its own; empty ones tell nothing.
std::string as_json_lines(std::string_view text) {
  std::string lines;
  for (const std::string& line : text::words_of(text, "\n")) {
    if (!text::trimmed(line).empty()) lines += log_line("notice", line);
  }
  return lines;
}

void put_err(const std::string& clean) { show_err(json_errors ? as_json_lines(clean) : clean); }

int columns_of(int descriptor) {
  constexpr int kDefault = 80;
  winsize size{};
  const bool known = ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kDefault;
}

bool colours_refused() {
  const char* const no_color = std::getenv("NO_COLOR");
  return no_color != nullptr && *no_color != '\0';
}

/// In one line, blanks kept.
std::string clean_row(std::string_view text) {
  std::string row = text::safe_text(text::redact(text));
  std::replace_if(
      row.begin(), row.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return row;
}

std::string rows_of_line(std::string_view text, Look look, const WordWrap::Options& screen) {
  const std::string line = clean_row(text);
  const std::string hang(std::min(line.find_first_not_of(' '), line.size()) + 2, ' ');
  std::string rows;
  for (const std::string& row : wrapped_rows(line, screen.columns() - 1, hang)) {
    rows += styled(row, look, screen.style) + "\n";
  }
  return rows;
}

std::string clean_line(std::string_view text) { return text::field(text, kMaxLine); }

}  // namespace

int out_columns() {
  constexpr const char* kKind = "width";  // a recording has it when it changes
  static int recorded = 0;
  record::Tape* const tape = record::tape();
  if (tape != nullptr && tape->plays()) {
    if (tape->comes_next(kKind)) {
      recorded = static_cast<int>(integer_or(tape->came(kKind, nullptr), "columns"));
    }
    return recorded;
  }
  const int columns = columns_of(STDOUT_FILENO);
  if (tape != nullptr && std::exchange(recorded, columns) != columns) {
    tape->came(kKind, {{"columns", columns}});
  }
  return columns;
}

void use_plain_screen() { plain_screen = true; }

WordWrap::Options screen_options() {
  return {out_columns, style_is_wanted(), terminal_knows_sequences() && !plain_screen};
}

void out_json(const Json& value) {
  put_out(text::safe_json(dump_json(text::redacted(value))) + "\n");
}

void out_text(std::string_view text) { put_out(text::safe_text(text::redact(text))); }

void err_text(std::string_view text) { put_err(text::safe_text(text::redact(text))); }

void out_line(std::string_view text) { put_out(clean_line(text) + "\n"); }

void err_line(std::string_view text) { put_err(clean_line(text) + "\n"); }

void use_json_errors() { json_errors = true; }

void err_log(const std::string& line) { show_err(line); }

void err_status(std::string_view text) {
  const std::string line = clean_line(text);
  put_err(err_has_style() ? fmt::format("\x1b[2m{}\x1b[0m\n", line) : line + "\n");
}

void out_row(std::string_view text) {
  const std::string row = clean_row(text);
  put_out(row.substr(0, row.find_last_not_of(' ') + 1) + "\n");
}

void out_look(std::string_view text, Look look, const WordWrap::Options& screen) {
  put_out(rows_of_line(text, look, screen));
}

void err_look(std::string_view text, const WordWrap::Options& screen) {
  // A row of a screen is no line of a log.
  put_err(json_errors ? clean_row(text) + "\n" : rows_of_line(text, Look::kPlain, screen));
}

void out_table(const Table& table, const WordWrap::Options& screen) {
  put_out(table_text(safe_table(table), screen));
}

void show_transient(std::string_view text, std::string_view hint) {
  // How long a wait lasts is another thing in a replay.
  if (record::process_tape() != nullptr || json_errors) return;
  const int room = columns_of(STDERR_FILENO) - 1;
  std::string row = clean_line(text);
  if (width_of(row) + width_of(hint) <= room) row += hint;
  const std::lock_guard lock(transient_mutex);
  if (silent) return;
  transient_shown = true;
  write_all(STDERR_FILENO, "\r\x1b[K" + fitting(row, room).first);
}

void end_transient() {
  const std::lock_guard lock(transient_mutex);
  if (std::exchange(transient_shown, false)) write_all(STDERR_FILENO, "\r\x1b[K");
}

void clear_screen() {
  if (is_terminal(STDOUT_FILENO) && screen_options().redraw) put_out("\x1b[H\x1b[2J");
}

std::string marked_line(std::string_view text) {
  return fmt::format("{} {}", text::kMark, clean_line(text));
}

void out_marked(std::string_view text) { put_out(marked_line(text) + "\n"); }

void out_marked(std::string_view text, const WordWrap::Options& screen) {
  for (const std::string& row : wrapped_rows(marked_line(text), screen.columns() - 1, "  ")) {
    put_out(styled(row, Look::kBold, screen.style) + "\n");
  }
}

void err_marked(std::string_view text) { put_err(marked_line(text) + "\n"); }

void out_line_past_tape(std::string_view text) {
  replay_errno = write_all(STDOUT_FILENO, clean_line(text) + "\n");
}

void err_line_past_tape(std::string_view text) {
  const std::string line = clean_line(text) + "\n";
  write_all(STDERR_FILENO, json_errors ? as_json_lines(line) : line);
}

TextStream::TextStream(const WordWrap::Options& screen)
    : markdown_(std::make_unique<MarkdownStream>(screen)) {}

bool TextStream::feed(std::string_view piece) { return show(filter_.feed(redaction_.feed(piece))); }

bool TextStream::finish() {
  const std::string rest = filter_.feed(redaction_.finish());
  const bool shown = show(rest + filter_.finish());
  if (!markdown_) return shown;
  const std::string last = markdown_->finish();
  if (last.empty()) return shown;
  put_out(last);
  ends_line_ = true;
  return true;
}

bool TextStream::show(const std::string& safe) {
  const std::string text = markdown_ ? markdown_->feed(safe) : safe;
  if (text.empty()) return false;
  put_out(text);
  ends_line_ = text.back() == '\n';
  return true;
}

bool is_terminal(int stream) {
  const bool real = ::isatty(stream) == 1;
  record::Tape* const tape = record::tape();
  return tape == nullptr ? real : tape->fact(fmt::format("stream {} is a terminal", stream), real);
}

void show_nothing() { silent = true; }

bool shows_nothing() { return silent; }

bool output_failed() { return output_errno != 0; }

void require_output() {
  if (output_errno == 0) return;
  Error failed(ErrorCode::kUnavailable, fmt::format("standard output cannot be written: {}",
                                                    std::generic_category().message(output_errno)));
  failed.reason = "output";
  throw failed;
}

int report_output_failure() {
  if (output_errno == EPIPE) return kReaderGone;
  if (output_errno == EINTR) return kInterrupted;
  err_line(fmt::format("cartpilot: standard output cannot be written: {}",
                       std::generic_category().message(output_errno)));
  return kFailed;
}

int report_replay_output() {
  if (replay_errno == 0) return kOk;
  output_errno = replay_errno;
  silent = false;
  return report_output_failure();
}

bool terminal_knows_sequences() {
  const char* const name = std::getenv("TERM");
  return name != nullptr && *name != '\0' && std::string_view(name) != "dumb";
}

bool style_is_wanted() { return terminal_knows_sequences() && !colours_refused() && !plain_screen; }

bool err_has_style() {
  static const bool has = is_terminal(STDERR_FILENO) && style_is_wanted();
  return has && !json_errors;
}

}  // namespace cartpilot::host
