#include "e2e/program.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace cartpilot::e2e {

namespace {

constexpr std::chrono::seconds kPatience{30};

void require(bool good, const char* what) {
  if (!good)
    throw std::runtime_error(std::string(what) + " failed, errno " + std::to_string(errno));
}

std::vector<std::string> environment_of(const Home& home, const Environment& extra) {
  Environment all = {{"HOME", home.path()},
                     {"PATH", "/usr/bin:/bin"},
                     {"LANG", "C.UTF-8"},
                     {"TERM", "xterm"},
                     {"XDG_STATE_HOME", home.path() / "state"},
                     {"XDG_CONFIG_HOME", home.path() / "config"},
                     {"XDG_DATA_HOME", home.path() / "data"}};
  // What the sanitizers are to leave out; only builds with one read it.
  if (const char* options = std::getenv("LSAN_OPTIONS")) all["LSAN_OPTIONS"] = options;
  for (const auto& [name, value] : extra) all[name] = value;
  std::vector<std::string> list;
  for (const auto& [name, value] : all) list.push_back(name + "=" + value);
  return list;
}

void close_if_open(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

/// Appends what can be read; false at end of file.
bool drain(int descriptor, std::string& text) {
  char block[65536];
  const ssize_t got = ::read(descriptor, block, sizeof block);
  if (got > 0) text.append(block, static_cast<std::size_t>(got));
  return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

}  // namespace

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

Home::Home() {
  std::string name = (std::filesystem::temp_directory_path() / "cartpilot-e2e-XXXXXX").string();
  require(::mkdtemp(name.data()) != nullptr, "mkdtemp");
  path_ = name;
}

Home::~Home() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Program::Program(const Home& home, const std::vector<std::string>& arguments,
                 const Environment& environment, bool terminal, const std::string& redirections)
    : terminal_(terminal) {
  // Another build of the program, for long runs (scripts/mutate-plugins).
  const char* other = std::getenv("CARTPILOT_TEST_PROGRAM");
  std::vector<std::string> words = {other == nullptr ? CARTPILOT_PROGRAM : other};
  words.insert(words.end(), arguments.begin(), arguments.end());
  if (!redirections.empty()) {
    words.insert(words.begin(), {"/bin/sh", "-c", "exec \"$0\" \"$@\" " + redirections});
  }
  std::vector<std::string> variables = environment_of(home, environment);
  std::vector<char*> argv = pointers(words);
  std::vector<char*> envp = pointers(variables);
  if (terminal) {
    struct winsize size = {24, 80, 0, 0};
    child_ = ::forkpty(&output_, nullptr, nullptr, &size);
    require(child_ >= 0, "forkpty");
    if (child_ == 0) {
      ::execve(argv[0], argv.data(), envp.data());
      ::_exit(127);
    }
    input_ = ::dup(output_);
    return;
  }
  int in[2];
  int out[2];
  int err[2];
  require(
      ::pipe2(in, O_CLOEXEC) == 0 && ::pipe2(out, O_CLOEXEC) == 0 && ::pipe2(err, O_CLOEXEC) == 0,
      "pipe2");
  child_ = ::fork();
  require(child_ >= 0, "fork");
  if (child_ == 0) {
    ::setsid();  // no controlling terminal: /dev/tty must not be a way to ask
    ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    ::dup2(err[1], 2);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  ::close(err[1]);
  input_ = in[1];
  output_ = out[0];
  errors_ = err[0];
  ::signal(SIGPIPE, SIG_IGN);
}

Program::~Program() {
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  close_if_open(input_);
  close_if_open(output_);
  close_if_open(errors_);
}

void Program::write(const std::string& text) {
  std::size_t sent = 0;
  ::fcntl(input_, F_SETFL, O_NONBLOCK);
  while (sent < text.size()) {
    const ssize_t written = ::write(input_, text.data() + sent, text.size() - sent);
    if (written > 0) {
      sent += static_cast<std::size_t>(written);
    } else if (errno == EAGAIN) {
      pump(std::chrono::milliseconds(10));
    } else {
      return;  // it ended; finish() tells how
    }
  }
}

void Program::close_input() {
  if (!terminal_) close_if_open(input_);
}

void Program::close_output() { close_if_open(output_); }

void Program::signal(int number) { ::kill(child_, number); }

void Program::resize(int columns) {
  winsize size{};
  require(::ioctl(output_, TIOCGWINSZ, &size) == 0, "TIOCGWINSZ");
  size.ws_col = static_cast<unsigned short>(columns);
  require(::ioctl(output_, TIOCSWINSZ, &size) == 0, "TIOCSWINSZ");
}

int Program::hang_up() {
  close_if_open(input_);
  close_if_open(output_);
  return finish().exit_code;
}

void Program::signal_and_wait(int number) {
  signal(number);
  for (bool pending = true; pending;) {
    std::ifstream status("/proc/" + std::to_string(child_) + "/status");
    pending = false;
    for (std::string line; std::getline(status, line);) {
      if (line.rfind("ShdPnd:", 0) != 0 && line.rfind("SigPnd:", 0) != 0) continue;
      const auto signals = std::strtoull(line.c_str() + 7, nullptr, 16);
      pending = pending || (signals >> static_cast<unsigned>(number - 1) & 1U) != 0;
    }
  }
}

bool Program::pump(std::chrono::milliseconds limit) {
  pollfd list[2] = {{output_, POLLIN, 0}, {errors_, POLLIN, 0}};
  ::poll(list, 2, static_cast<int>(limit.count()));
  if (list[0].revents != 0 && !drain(output_, result_.out)) close_if_open(output_);
  if (list[1].revents != 0 && !drain(errors_, result_.err)) close_if_open(errors_);
  return output_ >= 0 || errors_ >= 0;
}

void Program::wait_until(const std::function<bool()>& found, const std::string& what) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!found()) {
    if (output_ < 0 || std::chrono::steady_clock::now() > end) {
      throw std::runtime_error("never saw '" + what + "' in:\n" + result_.out + "\n--- errors:\n" +
                               result_.err);
    }
    pump(std::chrono::milliseconds(100));
  }
}

void Program::wait_for(const std::string& text) {
  wait_until(
      [&] {
        const std::size_t at = result_.out.find(text, found_);
        if (at == std::string::npos) return false;
        found_ = at + text.size();
        return true;
      },
      text);
}

void Program::wait_for_prompt() {
  wait_for("you> ");
  wait_until(
      [&] {
        termios modes{};
        return ::tcgetattr(output_, &modes) == 0 && (modes.c_lflag & ICANON) == 0;
      },
      "a prompt that reads keys");
}

std::string Program::wait_for_match(const std::string& expression) {
  std::string matched;
  wait_until(
      [&] {
        std::smatch match;
        const std::string rest = result_.out.substr(found_);
        if (!std::regex_search(rest, match, std::regex(expression)) || match.suffix().length() == 0)
          return false;
        matched = match.str();
        found_ += static_cast<std::size_t>(match.position() + match.length());
        return true;
      },
      expression);
  return matched;
}

Result Program::finish() {
  close_input();
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (pump(std::chrono::milliseconds(50))) {
    if (std::chrono::steady_clock::now() > end) {
      ::kill(child_, SIGKILL);
      result_.err += "\n(killed by the test: it did not end)";
      break;
    }
  }
  int status = 0;
  // Its streams are closed, or were never open: it may still be on its way out.
  while (::waitpid(child_, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > end) ::kill(child_, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  child_ = -1;
  result_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result_;
}

Result run(const Home& home, const std::vector<std::string>& arguments, const std::string& input,
           const Environment& environment, const std::string& redirections) {
  Program program(home, arguments, environment, false, redirections);
  program.write(input);
  return program.finish();
}

std::vector<Json> json_lines(const std::string& text) {
  std::vector<Json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) lines.push_back(parse_json(line, line));
  }
  return lines;
}

std::vector<Json> of_type(const std::vector<Json>& lines, const std::string& type) {
  std::vector<Json> found;
  for (const Json& line : lines) {
    if (string_or(line, "type") == type) found.push_back(line);
  }
  return found;
}

}  // namespace cartpilot::e2e
