#include "terminal/output.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "cartpilot/error.h"
#include "record/tape.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      Error closed(ErrorCode::kUnavailable, "output was closed");
      closed.reason = "output";
      throw closed;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

bool silent = false;

void show(record::Stream stream, int descriptor, std::string_view text) {
  const std::string clean = text::redact(text);
  if (record::Tape* const tape = record::tape()) tape->shown(stream, clean);
  if (!silent) write_all(descriptor, clean);
}

}  // namespace

void out(std::string_view text) { show(record::Stream::kOut, STDOUT_FILENO, text); }

void err(std::string_view text) { show(record::Stream::kErr, STDERR_FILENO, text); }

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

bool err_has_style() {
  static const bool styled = is_terminal(STDERR_FILENO) && std::getenv("NO_COLOR") == nullptr;
  return styled;
}

}  // namespace cartpilot::host
