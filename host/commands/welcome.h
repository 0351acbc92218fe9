// The first minute: what bare 'cartpilot' says on a terminal, and the way into the demo.
#pragma once

#include "cli/arguments.h"
#include "commands/services.h"

namespace cartpilot::host {

/// Ten lines that end in the command to type. Without any key the demo is offered; true when the
/// person wants it.
bool welcome(CommandServices& services);

/// Whether `error` ended a chat on a terminal because no key is set, and the person wants the demo
/// instead.
bool wants_demo_instead(CommandServices& services, const Error& error);

/// 'cartpilot chat --demo'.
Arguments demo_arguments();

}  // namespace cartpilot::host
