// The model of a conversation as flags and settings name it, for every front end that talks.
//
// One function; one thread.
#pragma once

#include "app/session.h"
#include "commands/services.h"

namespace cartpilot::host {

/// Throws Error{kInvalidArgument} for flags that do not go together, and for a --system file that
/// cannot be read.
app::ModelSettings model_settings(CommandServices& services);

}  // namespace cartpilot::host
