// The front door: reads the command line, and answers --help, --version and mistakes in it alone.
// Everything else is in the program part cartpilot-program.so, so that a question about the program
// does not wait for what only a conversation needs.
#include <fmt/format.h>

#include "cartpilot/error.h"
#include "cli/arguments.h"
#include "cli/exit_code.h"
#include "parts/program_part.h"

int main(int argc, char** argv) {
  using cartpilot::host::Arguments;
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
