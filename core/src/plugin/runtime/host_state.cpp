#include "plugin/runtime/host_state.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <mutex>
#include <set>

#include "base/private_files.h"

extern char** environ;

namespace cartpilot::plugin {
namespace {

std::vector<std::string> environment_lines() {
  std::vector<std::string> lines;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    lines.emplace_back(*entry);
  }
  return lines;
}

void flush_output() {
  std::cout.flush();
  std::fflush(stdout);
}

bool same_place(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool same_action(const struct sigaction& a, const struct sigaction& b) {
  return a.sa_handler == b.sa_handler && a.sa_flags == b.sa_flags;
}

/// The control words; the flags of past operations are nobody's business.
bool same_arithmetic(const std::fenv_t& a, const std::fenv_t& b) {
#if defined(__x86_64__)
  constexpr unsigned kControlBits = 0xFFC0;
  return a.__control_word == b.__control_word &&
         (a.__mxcsr & kControlBits) == (b.__mxcsr & kControlBits);
#else
  return std::memcmp(&a, &b, sizeof(a)) == 0;
#endif
}

struct SharedState {
  std::mutex mutex;
  int scopes = 0;
  std::unique_ptr<HostState> state;
};

SharedState& shared_state() {
  static SharedState shared;
  return shared;
}

}  // namespace

HostStateScope::HostStateScope() {
  std::fegetenv(&floating_point_);
  SharedState& shared = shared_state();
  const std::lock_guard<std::mutex> lock(shared.mutex);
  if (shared.scopes++ == 0) shared.state = std::make_unique<HostState>();
}

HostStateScope::~HostStateScope() {
  if (!left_) leave();
}

std::vector<std::string> HostStateScope::leave() {
  left_ = true;
  std::vector<std::string> changed;
  SharedState& shared = shared_state();
  {
    const std::lock_guard<std::mutex> lock(shared.mutex);
    if (--shared.scopes == 0) {
      changed = shared.state->restore();
      shared.state.reset();
    }
  }
  std::fenv_t arithmetic{};
  std::fegetenv(&arithmetic);
  if (!same_arithmetic(arithmetic, floating_point_)) {
    std::fesetenv(&floating_point_);
    changed.emplace_back("the floating-point mode");
  }
  if (changed.empty()) return {};
  return {
      fmt::format("it changed {} of the program, which was put back", fmt::join(changed, ", "))};
}

HostState::HostState()
    : directory_(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)),
      umask_(base::current_umask()),
      c_locale_(std::setlocale(LC_ALL, nullptr)),
      environment_(environment_lines()) {
  for (int number = 1; number < static_cast<int>(signals_.size()); ++number) {
    ::sigaction(number, nullptr, &signals_[static_cast<std::size_t>(number)]);
  }
  for (int i = 0; i < 3; ++i) {
    descriptors_[static_cast<std::size_t>(i)] = ::fcntl(i, F_DUPFD_CLOEXEC, 3);
  }
  flush_output();
  if (descriptors_[STDOUT_FILENO] >= 0) ::dup2(STDERR_FILENO, STDOUT_FILENO);
}

HostState::~HostState() {
  if (directory_ >= 0) ::close(directory_);
  for (const int descriptor : descriptors_) {
    if (descriptor >= 0) ::close(descriptor);
  }
}

void HostState::restore_environment(std::vector<std::string>& changed) const {
  const std::vector<std::string> now = environment_lines();
  if (now == environment_) return;
  const std::set<std::string> before(environment_.begin(), environment_.end());
  const std::set<std::string> after(now.begin(), now.end());
  if (before == after) return;
  changed.emplace_back("the environment");
  for (const std::string& line : now) {
    if (before.count(line) == 0) ::unsetenv(line.substr(0, line.find('=')).c_str());
  }
  for (const std::string& line : environment_) {
    const std::size_t equals = line.find('=');
    if (after.count(line) == 0 && equals != std::string::npos) {
      ::setenv(line.substr(0, equals).c_str(), line.substr(equals + 1).c_str(), 1);
    }
  }
}

std::vector<std::string> HostState::restore() {
  std::vector<std::string> changed;
  flush_output();  // what the plugin left in the buffer still goes to standard error
  if (descriptors_[STDOUT_FILENO] >= 0) ::dup2(descriptors_[STDOUT_FILENO], STDOUT_FILENO);
  for (const int i : {STDIN_FILENO, STDERR_FILENO}) {
    const int saved = descriptors_[static_cast<std::size_t>(i)];
    struct stat was {};
    struct stat is {};
    if (saved < 0 || ::fstat(saved, &was) != 0) continue;
    if (::fstat(i, &is) == 0 && same_place(was, is)) continue;
    ::dup2(saved, i);
    changed.emplace_back(i == STDIN_FILENO ? "standard input" : "standard error");
  }
  struct stat was {};
  struct stat is {};
  if (directory_ >= 0 && ::fstat(directory_, &was) == 0 &&
      (::stat(".", &is) != 0 || !same_place(was, is)) && ::fchdir(directory_) == 0) {
    changed.emplace_back("the working directory");
  }
  if (base::current_umask() != umask_) {
    ::umask(umask_);
    changed.emplace_back("the umask");
  }
  const char* locale = std::setlocale(LC_ALL, nullptr);
  const bool cxx_changed = std::locale() != cxx_locale_;
  if (cxx_changed) std::locale::global(cxx_locale_);
  if (cxx_changed || locale == nullptr || c_locale_ != locale) {
    std::setlocale(LC_ALL, c_locale_.c_str());
    changed.emplace_back("the locale");
  }
  bool signals_changed = false;
  for (int number = 1; number < static_cast<int>(signals_.size()); ++number) {
    const struct sigaction& before = signals_[static_cast<std::size_t>(number)];
    struct sigaction now {};
    if (::sigaction(number, nullptr, &now) != 0 || same_action(before, now)) continue;
    signals_changed = ::sigaction(number, &before, nullptr) == 0 || signals_changed;
  }
  if (signals_changed) changed.emplace_back("signal handlers");
  restore_environment(changed);
  return changed;
}

}  // namespace cartpilot::plugin
