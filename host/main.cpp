// The front door: reads the command line, and answers --help, --version and mistakes in it alone.
// Everything else is in the program part cartpilot-program.so, so that a question about the program
// does not wait for what only a conversation needs.
#include <fmt/format.h>

#include <cstring>

#include "cartpilot/error.h"
#include "cli/arguments.h"
#include "cli/exit_code.h"
#include "parts/program_part.h"
#include "plugin/host/probe.h"

int main(int argc, char** argv) {
  using cartpilot::host::Arguments;
  // The program as the child that tries a plugin; it has no other use of the program's.
  if (argc > 1 && std::strcmp(argv[1], cartpilot::plugin::kProbeCommand) == 0) {
    return cartpilot::plugin::run_probe_child(argc, argv);
  }
  const cartpilot::host::ParsedArguments parsed = cartpilot::host::parse_arguments(argc, argv);
  if (parsed.exit_code) return *parsed.exit_code;
  try {
    void* const function =
        cartpilot::parts::open_part("cartpilot-program.so", "cartpilot_part_run_command");
    return reinterpret_cast<int (*)(const Arguments&)>(function)(parsed.arguments);
  } catch (const cartpilot::Error& error) {
    fmt::print(stderr, "cartpilot: {}\n", error.what());
    return cartpilot::host::kConfiguration;
  }
}
