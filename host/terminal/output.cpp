#include "terminal/output.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "cartpilot/error.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "record/tape.h"
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
  if (output_errno == 0 && replay_errno == 0 && !silent) failure = write_all(STDOUT_FILENO, clean);
  pass_output_by_tape(clean.size());
  require_output();
}

void put_err(const std::string& clean) {
  if (record::Tape* const tape = record::tape()) tape->shown(record::Stream::kErr, clean);
  if (!silent) write_all(STDERR_FILENO, clean);
}

std::string clean_line(std::string_view text) { return text::field(text, kMaxLine); }

}  // namespace

void out_json(const Json& value) {
  put_out(text::safe_json(dump_json(text::redacted(value))) + "\n");
}

void out_text(std::string_view text) { put_out(text::safe_text(text::redact(text))); }

void err_text(std::string_view text) { put_err(text::safe_text(text::redact(text))); }

void out_line(std::string_view text) { put_out(clean_line(text) + "\n"); }

void err_line(std::string_view text) { put_err(clean_line(text) + "\n"); }

void err_status(std::string_view text) {
  const std::string line = clean_line(text);
  put_err(err_has_style() ? fmt::format("\x1b[2m{}\x1b[0m\n", line) : line + "\n");
}

void out_row(std::string_view text) {
  std::string row = text::safe_text(text::redact(text));
  std::replace_if(
      row.begin(), row.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  put_out(row.substr(0, row.find_last_not_of(' ') + 1) + "\n");
}

std::string marked_line(std::string_view text) {
  return fmt::format("{} {}", text::kMark, clean_line(text));
}

void out_marked(std::string_view text) { put_out(marked_line(text) + "\n"); }

void err_marked(std::string_view text) { put_err(marked_line(text) + "\n"); }

void out_line_past_tape(std::string_view text) {
  replay_errno = write_all(STDOUT_FILENO, clean_line(text) + "\n");
}

void err_line_past_tape(std::string_view text) {
  write_all(STDERR_FILENO, clean_line(text) + "\n");
}

bool TextStream::feed(std::string_view piece) { return show(filter_.feed(redaction_.feed(piece))); }

bool TextStream::finish() {
  const std::string rest = filter_.feed(redaction_.finish());
  return show(rest + filter_.finish());
}

bool TextStream::show(const std::string& safe) {
  if (safe.empty()) return false;
  put_out(safe);
  ends_line_ = safe.back() == '\n';
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

bool err_has_style() {
  const char* const no_color = std::getenv("NO_COLOR");
  static const bool styled = is_terminal(STDERR_FILENO) && terminal_knows_sequences() &&
                             (no_color == nullptr || *no_color == '\0');
  return styled;
}

}  // namespace cartpilot::host
