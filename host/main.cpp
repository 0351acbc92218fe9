#include <cstring>

#include "commands/commands.h"
#include "plugin/plugin_probe.h"

int main(int argc, char** argv) {
  // The program as the child that tries a plugin; it has no other use of the program's.
  if (argc > 1 && std::strcmp(argv[1], cartpilot::plugin::kProbeCommand) == 0) {
    return cartpilot::plugin::run_probe_child(argc, argv);
  }
  return cartpilot::host::run(argc, argv);
}
