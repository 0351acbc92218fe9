#include "terminal/output.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>

#include "cartpilot/error.h"
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

}  // namespace

void out(std::string_view text) { write_all(STDOUT_FILENO, text::redact(text)); }

void err(std::string_view text) { write_all(STDERR_FILENO, text::redact(text)); }

void out_line(std::string_view text) { out(text::safe_line(text) + "\n"); }

void out_row(std::string_view text) {
  std::string row = text::safe_text(text);
  std::replace_if(
      row.begin(), row.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  out(row.substr(0, row.find_last_not_of(' ') + 1) + "\n");
}

void err_line(std::string_view text) { err(text::safe_line(text) + "\n"); }

bool err_has_style() {
  static const bool styled = ::isatty(STDERR_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  return styled;
}

}  // namespace cartpilot::host
