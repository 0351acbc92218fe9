// Which plugin is being called right now, for a signal handler that must name who does not return.
//
// running_plugin() is async-signal-safe; the marks may be made on any thread.
#pragma once

#include <string>

namespace cartpilot::plugin {

/// Marks a call of `plugin` as running while it lives.
class RunningCall {
 public:
  explicit RunningCall(const std::string& plugin);
  ~RunningCall();
  RunningCall(const RunningCall&) = delete;
  RunningCall& operator=(const RunningCall&) = delete;

 private:
  int place_;
};

/// The id of a plugin that is being called, or nullptr. The text lives for ever.
const char* running_plugin() noexcept;

}  // namespace cartpilot::plugin
