#include "plugin/runtime/stdout_guard.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <mutex>

namespace cartpilot::plugin {
namespace {

struct Diversion {
  std::mutex mutex;
  int guards = 0;
  int saved = -1;  // where descriptor 1 led before
};

Diversion& diversion() {
  static Diversion state;
  return state;
}

void flush_output() {
  std::cout.flush();
  std::fflush(stdout);
}

}  // namespace

StdoutGuard::StdoutGuard() {
  Diversion& state = diversion();
  const std::lock_guard<std::mutex> lock(state.mutex);
  if (state.guards++ > 0) return;
  flush_output();
  state.saved = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (state.saved >= 0) ::dup2(STDERR_FILENO, STDOUT_FILENO);
}

StdoutGuard::~StdoutGuard() {
  Diversion& state = diversion();
  const std::lock_guard<std::mutex> lock(state.mutex);
  if (--state.guards > 0) return;
  flush_output();  // what the plugin left in the buffer still goes to standard error
  if (state.saved < 0) return;
  ::dup2(state.saved, STDOUT_FILENO);
  ::close(state.saved);
  state.saved = -1;
}

}  // namespace cartpilot::plugin
