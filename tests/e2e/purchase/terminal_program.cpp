#include "terminal_program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <stdexcept>

namespace cartpilot::e2e {
namespace {

constexpr int kPatienceMs = 60'000;

}  // namespace

TerminalProgram::TerminalProgram(const Home& home, std::vector<std::string> words,
                                 const Environment& environment) {
  if (words.at(0) == "cartpilot") words[0] = CARTPILOT_PROGRAM;
  Environment all = {{"HOME", home.path()},
                     {"PATH", "/usr/bin:/bin"},
                     {"LANG", "C.UTF-8"},
                     {"TERM", "xterm"},
                     {"NO_COLOR", "1"},
                     {"XDG_STATE_HOME", home.path() / "state"},
                     {"XDG_CONFIG_HOME", home.path() / "config"},
                     {"XDG_DATA_HOME", home.path() / "data"}};
  for (const auto& [name, value] : environment) all[name] = value;
  std::vector<std::string> variables;
  for (const auto& [name, value] : all) variables.push_back(name + "=" + value);
  std::vector<char*> argv = pointers(words);
  std::vector<char*> envp = pointers(variables);
  struct winsize size = {24, 80, 0, 0};
  child_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
  if (child_ < 0) throw std::runtime_error("forkpty");
  if (child_ == 0) {
    if (::chdir(home.path().c_str()) != 0) ::_exit(126);
    ::close_range(3, ~0U, 0);  // what the test has open is not the program's
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
}

TerminalProgram::~TerminalProgram() {
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  hang_up();
}

void TerminalProgram::type(const std::string& text) {
  if (::write(terminal_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error("cannot type; shown so far:\n" + screen_);
  }
}

std::size_t TerminalProgram::paste(const std::string& text) {
  constexpr std::size_t kPiece = 1024;
  constexpr auto kFull = std::chrono::seconds(1);
  const int flags = ::fcntl(terminal_, F_GETFL);
  ::fcntl(terminal_, F_SETFL, flags | O_NONBLOCK);
  std::size_t sent = 0;
  auto last = std::chrono::steady_clock::now();
  while (sent < text.size() && std::chrono::steady_clock::now() - last < kFull) {
    const ssize_t took =
        ::write(terminal_, text.data() + sent, std::min(kPiece, text.size() - sent));
    if (took > 0) {
      sent += static_cast<std::size_t>(took);
      last = std::chrono::steady_clock::now();
    }
    pollfd shown{terminal_, POLLIN, 0};
    if (::poll(&shown, 1, took > 0 ? 0 : 20) > 0 && !look()) break;
  }
  ::fcntl(terminal_, F_SETFL, flags);
  return sent;
}

void TerminalProgram::signal(int number) const { ::kill(child_, number); }

bool TerminalProgram::look() {
  pollfd waiting{terminal_, POLLIN, 0};
  if (::poll(&waiting, 1, kPatienceMs) <= 0) {
    throw std::runtime_error("nothing more was shown after:\n" + screen_);
  }
  char block[65536];
  const ssize_t got = ::read(terminal_, block, sizeof block);
  if (got <= 0) return false;
  screen_.append(block, static_cast<std::size_t>(got));
  return true;
}

void TerminalProgram::wait_for(const std::string& text) {
  for (;;) {
    const std::size_t at = screen_.find(text, found_);
    if (at != std::string::npos) {
      found_ = at + text.size();
      return;
    }
    if (!look()) throw std::runtime_error("never saw '" + text + "' in:\n" + screen_);
  }
}

std::string TerminalProgram::wait_for_question(const std::string& total) {
  wait_for("Type the total (" + total + ") and the code (");
  const std::size_t code = found_;
  wait_for("s]: ");
  return total + " " + screen_.substr(code, 4) + "\n";
}

std::string TerminalProgram::wait_for_code() {
  wait_for("Type the code (");
  const std::size_t code = found_;
  wait_for("s]: ");
  return screen_.substr(code, 4) + "\n";
}

void TerminalProgram::hang_up() {
  if (terminal_ >= 0) ::close(terminal_);
  terminal_ = -1;
}

int TerminalProgram::finish() {
  while (terminal_ >= 0 && look()) {
  }
  int status = 0;
  struct rusage used {};
  ::wait4(child_, &status, 0, &used);
  child_ = -1;
  peak_kilobytes_ = used.ru_maxrss;
  dumped_core_ = WIFSIGNALED(status) && WCOREDUMP(status);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string shell_command(const std::vector<std::string>& arguments) {
  std::string command = CARTPILOT_PROGRAM;
  for (const std::string& argument : arguments) {
    command += " '";
    for (const char c : argument) command += c == '\'' ? std::string("'\\''") : std::string(1, c);
    command += "'";
  }
  return command;
}

}  // namespace cartpilot::e2e
