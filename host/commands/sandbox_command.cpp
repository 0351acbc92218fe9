#include <fmt/format.h>
#include <poll.h>

#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/commands.h"
#include "sandbox/sandbox_server.h"
#include "ui/output.h"

namespace cartpilot::host {

int run_sandbox(Workbench& bench) {
  const Arguments& arguments = bench.arguments();
  sandbox::SandboxServer::Options options;
  options.port = arguments.port;
  options.db_path = arguments.database.empty()
                        ? (bench.settings().state_directory / "sandbox.db").string()
                        : arguments.database;
  if (!arguments.api_key.empty()) options.api_key = arguments.api_key;
  sandbox::SandboxServer server(options);
  out_row(fmt::format("CartPilot sandbox on {}  (state in {}; Ctrl-C stops)", server.url(),
                      options.db_path));
  const Interrupt interrupt;
  while (!interrupt.cancelled()) ::poll(nullptr, 0, 200);
  server.stop();
  return kOk;
}

}  // namespace cartpilot::host
