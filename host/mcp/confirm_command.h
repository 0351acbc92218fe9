// The program as the process that carries out one confirm for another.
//
// Reads what to do as one JSON object on standard input, sends the confirm that is recorded and
// handed over, finds out what came of it, and writes a report to standard output. Ignores signals
// until the outcome is on record, and ends within a minute.
#pragma once

namespace cartpilot::host {

/// The word that makes the program that process.
constexpr const char* kConfirmCommand = "__confirm";

int run_confirm_command();

}  // namespace cartpilot::host
