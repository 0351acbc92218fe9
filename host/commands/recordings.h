// --record and replay: running a command with a recorder or a player between it and the outside.
//
// Free functions; for the main thread, before there are others.
#pragma once

#include <string>

#include "cartpilot/json.h"
#include "cli/arguments.h"
#include "cli/settings.h"

namespace cartpilot::host {

/// What a replay has to know of flags, settings file and environment.
Json recorded_settings(const Arguments& arguments, const Settings& settings);

/// Runs the command and writes all that comes in and is shown to --record's file. The exit code is
/// the command's; kUsage when the file cannot be made.
int run_recorded(const Arguments& arguments, int (*run)(const Arguments&));

/// Runs the recorded command on the recording alone: no network, a state folder of its own that is
/// removed at the end. kOk when everything was as recorded, whatever that run ended with; kFailed
/// at the first difference; kUsage for a file that cannot be replayed; kConfiguration when a plugin
/// is missing or another one.
int run_replay(const Arguments& arguments, int (*run)(const Arguments&));

}  // namespace cartpilot::host
