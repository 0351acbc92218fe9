#include "cli/key_sources.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/clock.h"
#include "cartpilot/error.h"
#include "text/redaction.h"

namespace cartpilot::host {
namespace {

constexpr std::size_t kMaxKeyBytes = 16U << 10;

[[noreturn]] void no_key(const std::string& why) { throw Error(ErrorCode::kUnauthenticated, why); }

std::string first_line(const std::string& text, const std::string& source) {
  std::string line = text.substr(0, text.find('\n'));
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line.empty()) no_key(fmt::format("{}: its first line is empty; a key was expected", source));
  return line;
}

// What password managers need to find their agent and to ask the person.
std::vector<std::string> small_environment(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> result;
  for (const char* name : {"HOME", "PATH", "USER", "LOGNAME", "LANG", "LC_ALL", "TERM", "TMPDIR",
                           "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME",
                           "XDG_DATA_HOME", "DBUS_SESSION_BUS_ADDRESS", "GPG_TTY", "GNUPGHOME",
                           "SSH_AUTH_SOCK", "PASSWORD_STORE_DIR"}) {
    const auto found = environment.find(name);
    if (found != environment.end()) result.push_back(fmt::format("{}={}", name, found->second));
  }
  return result;
}

std::vector<char*> argument_list(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// A child in a process group of its own, and the end of its standard output that is read here.
class KeyCommand {
 public:
  KeyCommand(std::vector<std::string> command, std::vector<std::string> environment)
      : name_(command.front()) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail(errno);
    output_ = ends[0];
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t signals;
    ::sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes, &signals);
    ::sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes, &signals);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    const int error =
        ::posix_spawnp(&child_, name_.c_str(), &actions, &attributes, argument_list(command).data(),
                       argument_list(environment).data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    ::close(ends[1]);
    if (error != 0) {
      ::close(output_);
      fail(error);
    }
  }
  ~KeyCommand() {
    ::close(output_);
    if (!ended_) {
      ::kill(-child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
  }
  KeyCommand(const KeyCommand&) = delete;
  KeyCommand& operator=(const KeyCommand&) = delete;

  std::string output(base::SteadyTime end) {
    std::string text;
    while (text.find('\n') == std::string::npos && text.size() < kMaxKeyBytes) {
      pollfd wait{output_, POLLIN, 0};
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - base::steady_now());
      if (left.count() <= 0) {
        no_key(fmt::format("{} printed no key in time and was ended", name_));
      }
      if (::poll(&wait, 1, static_cast<int>(left.count())) <= 0) continue;
      char buffer[1024];
      const ssize_t count = ::read(output_, buffer, sizeof buffer);
      if (count <= 0) break;
      text.append(buffer, static_cast<std::size_t>(count));
    }
    return text;
  }

  // With a whole line read, how the program ends no longer matters.
  void expect_success(base::SteadyTime end) {
    for (;;) {
      int status = 0;
      if (::waitpid(child_, &status, WNOHANG) == child_) {
        ended_ = true;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
        no_key(WIFEXITED(status)
                   ? fmt::format("{} failed with exit code {}", name_, WEXITSTATUS(status))
                   : fmt::format("{} was ended by signal {}", name_, WTERMSIG(status)));
      }
      if (base::steady_now() >= end) no_key(fmt::format("{} did not end in time", name_));
      ::poll(nullptr, 0, 5);
    }
  }

 private:
  [[noreturn]] void fail(int error) const {
    no_key(fmt::format("{} cannot be started ({})", name_, std::strerror(error)));
  }

  std::string name_;
  pid_t child_ = 0;
  int output_ = -1;
  bool ended_ = false;
};

}  // namespace

std::string key_from_file(const std::string& file, const std::string& home) {
  const std::string path = file.starts_with("~/") ? home + file.substr(1) : file;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) no_key(fmt::format("{}: {}", path, std::strerror(errno)));
  struct stat status {};
  std::string why;
  std::string text(kMaxKeyBytes, '\0');
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    why = "is no regular file";
  } else if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    why = fmt::format("belongs to user {}", status.st_uid);
  } else if ((status.st_mode & 077) != 0) {
    why = fmt::format("can be read by others (mode {:04o}); run: chmod 600 {}",
                      status.st_mode & 07777, path);
  } else {
    const ssize_t count = ::read(descriptor, text.data(), text.size());
    if (count < 0) why = std::strerror(errno);
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  }
  ::close(descriptor);
  if (!why.empty()) no_key(fmt::format("{}: {}", path, why));
  return first_line(text, path);
}

std::string key_from_command(const std::vector<std::string>& command,
                             const std::map<std::string, std::string>& environment,
                             std::chrono::milliseconds limit) {
  const base::SteadyTime end = base::steady_now() + limit;
  KeyCommand running(command, small_environment(environment));
  const std::string text = running.output(end);
  if (text.find('\n') == std::string::npos) running.expect_success(end);
  return first_line(text, command.front());
}

void add_keys(const SettingValues& settings, const std::vector<std::string>& variables,
              std::map<std::string, std::string>& environment) {
  for (const std::string& variable : variables) {
    if (const auto set = environment.find(variable);
        set != environment.end() && !set->second.empty()) {
      continue;
    }
    const auto file = settings.find("keys." + variable + ".file");
    const auto command = settings.find("keys." + variable + ".command");
    if (file == settings.end() && command == settings.end()) continue;
    const auto home = environment.find("HOME");
    const std::string key =
        command != settings.end()
            ? key_from_command(command->second.texts, environment)
            : key_from_file(file->second.text(), home == environment.end() ? "" : home->second);
    text::add_secret(key);
    environment[variable] = key;
  }
}

}  // namespace cartpilot::host
