// StdoutGuard: while one lives, file descriptor 1 leads to standard error.
//
// Plugins print when they are loaded; the program's standard output is data. Guards may overlap on
// several threads: the first one diverts, the last one restores.
#pragma once

namespace cartpilot::plugin {

class StdoutGuard {
 public:
  StdoutGuard();
  ~StdoutGuard();
  StdoutGuard(const StdoutGuard&) = delete;
  StdoutGuard& operator=(const StdoutGuard&) = delete;
};

}  // namespace cartpilot::plugin
