// Interrupt: Ctrl-C and its relatives, for the one terminal of this process.
//
// install() once in main. Signals trip the cancellation of whatever runs in front: a turn of a
// conversation, or a command. The first SIGINT cancels what runs; the conversation goes on. A
// second signal insists: what must not be cut off lightly ends as well, and a plugin that does not
// return is named and left with the whole program. SIGTERM and SIGHUP also ask the program to end.
// SIGPIPE and SIGXFSZ are ignored: a closed pipe and a full file are ordinary write errors.
// Signal-safe; any thread may look.
#pragma once

#include "app/turn.h"

namespace cartpilot::host {

class Interrupt final : public CallContext {
 public:
  static void install();

  /// Of what runs in front. Lives as long as the process, so that a signal may come at any time.
  static app::Cancellation& cancellation() noexcept;

  bool cancelled() const noexcept override { return cancellation().cancelled(); }

  /// True after any of them, whatever a recording says.
  static bool came() noexcept;
  /// True after SIGTERM or SIGHUP.
  static bool must_end() noexcept;
  /// Forgets a SIGINT that was handled.
  static void reset() noexcept;
};

}  // namespace cartpilot::host
