// Reads the command line and runs its command.
#include <cstring>

#include "cli/arguments.h"
#include "cli/process_guard.h"
#include "commands/commands.h"
#include "mcp/confirm_command.h"
#include "plugin/host/probe.h"

int main(int argc, char** argv) {
  cartpilot::host::open_standard_streams();
  // The program as the child that tries a plugin; it has no other use of the program's.
  if (argc > 1 && std::strcmp(argv[1], cartpilot::plugin::kProbeCommand) == 0) {
    return cartpilot::plugin::run_probe_child(argc, argv);
  }
  // And as the child that outlives it with a purchase.
  if (argc > 1 && std::strcmp(argv[1], cartpilot::host::kConfirmCommand) == 0) {
    return cartpilot::host::run_confirm_command();
  }
  const cartpilot::host::ParsedArguments parsed = cartpilot::host::parse_arguments(argc, argv);
  return parsed.exit_code ? *parsed.exit_code : cartpilot::host::run_command(parsed.arguments);
}
