// The program part cartpilot-program.so: all commands.
#include "parts/program_part.h"

#include "commands/commands.h"

CARTPILOT_PROGRAM_PART

/// Never throws.
extern "C" __attribute__((visibility("default"))) int cartpilot_part_run_command(
    const cartpilot::host::Arguments& arguments) {
  return cartpilot::host::run_command(arguments);
}
