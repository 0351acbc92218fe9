// CallGuard: who stands between the router and calls that change something.
//
// The router asks the guard before every write, lets it carry out every money call, and tells it
// how writes ended. The purchase gate is the only guard in the program; tests use simpler ones.
// Called from one thread at a time.
#pragma once

#include <optional>

#include "cartpilot/http.h"
#include "cartpilot/tool.h"

namespace cartpilot::chat {

class CallGuard {
 public:
  virtual ~CallGuard() = default;

  /// Before a write. An outcome refuses the call (it is the answer to the model); nullopt lets it
  /// pass. The guard may change the arguments it lets pass (idempotency keys are the host's, not
  /// the model's).
  virtual std::optional<ToolOutcome> before_write(ToolCall& call) = 0;

  /// After a write that was let through, with what came of it.
  virtual void after_write(const ToolCall& call, const ToolOutcome& outcome) = 0;

  /// Carries out a money call, or refuses it. Never throws.
  virtual ToolOutcome run_money(const ToolCall& call, const CallContext& context) = 0;

  /// A new user turn begins (limits on questions are per turn).
  virtual void begin_turn() = 0;
};

}  // namespace cartpilot::chat
