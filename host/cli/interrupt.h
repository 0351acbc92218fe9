// Interrupt: Ctrl-C and its relatives as a flag that long calls look at.
//
// install() once in main. The first SIGINT cancels what runs; the conversation goes on. SIGTERM and
// SIGHUP also ask the program to end. A second signal while a plugin does not return names that
// plugin and ends the program. SIGPIPE is ignored: a closed pipe is an ordinary write error.
// Signal-safe; any thread may look.
#pragma once

#include "cartpilot/http.h"

namespace cartpilot::host {

class Interrupt final : public CallContext {
 public:
  static void install();

  bool cancelled() const noexcept override;

  /// True after SIGTERM or SIGHUP.
  static bool must_end() noexcept;
  /// Forgets a SIGINT that was handled.
  static void reset() noexcept;
};

}  // namespace cartpilot::host
