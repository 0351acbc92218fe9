#include "cli/process_guard.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "net/proxy.h"

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

// For the system, its libraries and the programs that plugins start.
constexpr std::string_view kGeneralNames[] = {
    "COLORTERM", "COLUMNS", "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "EDITOR", "HOME", "HOSTALIASES",
    "LANG", "LANGUAGE", "LINES", "LOCALDOMAIN", "LOCPATH", "LOGNAME", "NO_COLOR", "OPENSSL_CONF",
    "PATH", "PWD", "RES_OPTIONS", "SHELL", "SQLITE_TMPDIR", "SSL_CERT_DIR", "SSL_CERT_FILE", "TEMP",
    "TERM", "TERMINFO", "TERMINFO_DIRS", "TMP", "TMPDIR", "TZ", "TZDIR", "USER", "VISUAL",
    "WAYLAND_DISPLAY",
    // Proxies, unless they hold a password.
    "ALL_PROXY", "HTTPS_PROXY", "NO_PROXY", "all_proxy", "http_proxy", "https_proxy", "no_proxy",
    // Sanitizers and profilers.
    "ASAN_OPTIONS", "GCOV_PREFIX", "LLVM_PROFILE_FILE", "LSAN_OPTIONS", "TSAN_OPTIONS",
    "UBSAN_OPTIONS"};
constexpr std::string_view kGeneralBeginnings[] = {"LC_", "LD_", "XDG_"};
constexpr std::string_view kOwnBeginning = "CARTPILOT_";

bool proxy_with_credentials(const std::string& name, const char* value) {
  const auto is_name = [&](const char* proxy) { return name == proxy; };
  return std::strchr(value, '@') != nullptr &&
         (name == "http_proxy" ||
          std::any_of(std::begin(net::kProxyVariables), std::end(net::kProxyVariables), is_name));
}

}  // namespace

bool is_general_variable(std::string_view name) {
  const auto begins = [&](std::string_view beginning) { return name.starts_with(beginning); };
  return std::find(std::begin(kGeneralNames), std::end(kGeneralNames), name) !=
             std::end(kGeneralNames) ||
         std::any_of(std::begin(kGeneralBeginnings), std::end(kGeneralBeginnings), begins);
}

void reduce_environment(const std::set<std::string>& secrets) {
  std::vector<std::string> wiped;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    char* const value = std::strchr(*entry, '=');
    if (value == nullptr) continue;
    const std::string name(*entry, value);
    const bool own = name.starts_with(kOwnBeginning) && secrets.count(name) == 0;
    const bool general = is_general_variable(name) && !proxy_with_credentials(name, value + 1);
    if (own || general) continue;
    // In place: unsetenv() only forgets the pointer, and /proc shows the place itself.
    std::memset(value + 1, 0, std::strlen(value + 1));
    wiped.push_back(name);
  }
  for (const std::string& name : wiped) ::unsetenv(name.c_str());
}

}  // namespace cartpilot::host
