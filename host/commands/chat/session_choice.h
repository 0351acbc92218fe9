// Which earlier conversation to go on with.
#pragma once

#include <string>

#include "commands/services.h"

namespace cartpilot::host {

/// Shows the newest conversations on the terminal and waits for one key. Throws
/// Error{kInvalidArgument} without a terminal, or when there is none to choose, and
/// Error{kCancelled} when another key came.
std::string chosen_session(CommandServices& services);

}  // namespace cartpilot::host
