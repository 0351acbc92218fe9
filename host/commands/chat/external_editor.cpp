#include "commands/chat/external_editor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/outside.h"
#include "base/private_files.h"
#include "cartpilot/error.h"
#include "cli/interrupt.h"
#include "record/recording.h"
#include "record/secret_ranges.h"
#include "record/tape.h"
#include "terminal/tty.h"

extern char** environ;

namespace cartpilot::host {
namespace {

std::string editor() {
  for (const char* name : {"VISUAL", "EDITOR"}) {
    const char* const value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "vi";
}

/// Its exit status, as of wait(); -1 when it could not be started.
int run_on_terminal(const std::string& file) {
  const Tty modes;  // of lines, while it lives
  const std::string command = editor() + " \"$1\"";
  std::string words[] = {"sh", "-c", command, "sh", file};
  char* argv[] = {words[0].data(), words[1].data(), words[2].data(),
                  words[3].data(), words[4].data(), nullptr};
  // Ctrl-C belongs to the editor; the handler of this process only takes a note.
  pid_t child = -1;
  if (::posix_spawn(&child, "/bin/sh", nullptr, nullptr, argv, environ) != 0) return -1;
  int status = -1;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  Interrupt::reset();
  return status;
}

std::string read_and_remove(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace

std::string edited_message(const std::filesystem::path& folder) {
  record::Tape* const tape = record::tape();
  if (tape != nullptr && tape->plays()) {
    return record::bytes_from_json(tape->came("edited", nullptr).at("text"));
  }
  std::string text;
  {
    const base::Unrecorded outside;
    const std::filesystem::path file = folder / fmt::format("message-{}.md", ::getpid());
    const int made = base::open_private_file(file, O_WRONLY | O_CREAT | O_TRUNC);
    if (made < 0) {
      throw Error(ErrorCode::kUnavailable, fmt::format("cannot write '{}'", file.string()));
    }
    ::close(made);
    const int status = run_on_terminal(file);
    text = read_and_remove(file);
    if (status != 0) {
      throw Error(ErrorCode::kUnavailable,
                  fmt::format("the editor '{}' failed; EDITOR names another one", editor()));
    }
  }
  if (tape != nullptr) {
    tape->came("edited", {{"text", record::bytes_to_json(record::redacted_text(text))}});
  }
  return text;
}

}  // namespace cartpilot::host
