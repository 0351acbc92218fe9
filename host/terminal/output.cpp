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

}  // namespace

void out(std::string_view text) {
  const std::string clean = text::redact(text);
  if (record::Tape* const tape = record::tape()) tape->shown(record::Stream::kOut, clean);
  if (output_errno == 0 && !silent) output_errno = write_all(STDOUT_FILENO, clean);
  pass_output_by_tape(clean.size());
  require_output();
}

void err(std::string_view text) {
  const std::string clean = text::redact(text);
  if (record::Tape* const tape = record::tape()) tape->shown(record::Stream::kErr, clean);
  if (!silent) write_all(STDERR_FILENO, clean);
}

bool is_terminal(int stream) {
  const bool real = ::isatty(stream) == 1;
  record::Tape* const tape = record::tape();
  return tape == nullptr ? real : tape->fact(fmt::format("stream {} is a terminal", stream), real);
}

void show_nothing() { silent = true; }

bool shows_nothing() { return silent; }

void out_line(std::string_view text) { out(text::safe_line(text) + "\n"); }

void out_row(std::string_view text) {
  std::string row = text::safe_text(text);
  std::replace_if(
      row.begin(), row.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  out(row.substr(0, row.find_last_not_of(' ') + 1) + "\n");
}

void err_line(std::string_view text) { err(text::safe_line(text) + "\n"); }

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
