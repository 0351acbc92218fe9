#include "cli/process_guard.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

extern char** environ;

namespace cartpilot::host {

void open_standard_streams() noexcept {
  for (int descriptor = 0; descriptor <= STDERR_FILENO; ++descriptor) {
    // The lowest free number is this one: those below are open by now.
    if (::fcntl(descriptor, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != descriptor) ::_exit(1);
  }
}

void forbid_core_files() noexcept {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  // Also covers a system that pipes core files to a program, which knows no size limit.
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

namespace {

bool says_key(std::string_view name) {
  for (const std::string_view word : {"API_KEY", "TOKEN", "SECRET", "PASSWORD"}) {
    if (name.find(word) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

void wipe_from_environment(const std::set<std::string>& names) {
  std::vector<std::string> wiped;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    char* const value = std::strchr(*entry, '=');
    if (value == nullptr) continue;
    const std::string name(*entry, value);
    if (!says_key(name) && names.count(name) == 0) continue;
    // In place: unsetenv() only forgets the pointer, and /proc shows the place itself.
    std::memset(value + 1, 0, std::strlen(value + 1));
    wiped.push_back(name);
  }
  for (const std::string& name : wiped) ::unsetenv(name.c_str());
}

}  // namespace cartpilot::host
