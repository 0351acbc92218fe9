// Interrupt: Ctrl-C and its relatives as a flag that long calls look at.
//
// install() once in main. The first SIGINT cancels what runs; the conversation goes on. A second
// signal insists: what must not be cut off lightly ends as well, and a plugin that does not return
// is named and left with the whole program. SIGTERM and SIGHUP also ask the program to end. SIGPIPE
// and SIGXFSZ are ignored: a closed pipe and a full file are ordinary write errors.
// Signal-safe; any thread may look.
#pragma once

#include "cartpilot/http.h"

namespace cartpilot::host {

class Interrupt final : public CallContext {
 public:
  static void install();

  bool cancelled() const noexcept override;

  /// True after a second signal.
  static bool interrupted_twice() noexcept;
  /// True after SIGTERM or SIGHUP.
  static bool must_end() noexcept;
  /// Forgets a SIGINT that was handled.
  static void reset() noexcept;
};

}  // namespace cartpilot::host
