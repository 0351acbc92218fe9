// The program's parts put together as `cartpilot chat` does, but with WorstModel linked in instead
// of loaded, for runs that must be quick.
//
// Both functions are called in a process forked for them, with the environment set, and talk on
// standard output.
#pragma once

#include <string>

#include "torture/program_run.h"

namespace cartpilot::torture {

/// One conversation of one message; the exit code as the program's. The last line it says is the
/// list of purchases.
int run_parts(const RunPlan& plan, const Place& place, const std::string& script);

/// `purchases list --json`.
int list_attempts();

}  // namespace cartpilot::torture
