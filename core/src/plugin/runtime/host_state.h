// HostState: what a plugin must leave as it is while it is loaded and started, put back if it did
// not.
//
// Remembers working directory, umask, locale, signal handlers, the environment variables, and where
// descriptors 0 to 2 lead; and of the thread its floating-point mode. Meanwhile descriptor 1 leads
// to standard error: plugins print when they are loaded, and the program's standard output is data.
// Scopes may overlap on several threads: the first one remembers, the last one puts back. What
// cannot be undone (threads, handlers installed later) is not looked at.
#pragma once

#include <sys/types.h>

#include <array>
#include <cfenv>
#include <csignal>
#include <locale>
#include <string>
#include <vector>

namespace cartpilot::plugin {

class HostState {
 public:
  HostState();
  ~HostState();
  HostState(const HostState&) = delete;
  HostState& operator=(const HostState&) = delete;

  /// Puts back what differs; names it ("the working directory"). Call once.
  std::vector<std::string> restore();

 private:
  void restore_environment(std::vector<std::string>& changed) const;

  int directory_ = -1;
  mode_t umask_ = 0;
  std::string c_locale_;
  std::locale cxx_locale_;
  std::array<struct sigaction, 65> signals_{};
  std::vector<std::string> environment_;
  std::array<int, 3> descriptors_{-1, -1, -1};
};

class HostStateScope {
 public:
  HostStateScope();
  ~HostStateScope();
  HostStateScope(const HostStateScope&) = delete;
  HostStateScope& operator=(const HostStateScope&) = delete;

  /// Ends the scope. One sentence when something was changed and put back, else none.
  std::vector<std::string> leave();

 private:
  std::fenv_t floating_point_{};
  bool left_ = false;
};

}  // namespace cartpilot::plugin
