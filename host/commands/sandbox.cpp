#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>

#include "base/private_files.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/commands.h"
#include "sandbox/server.h"
#include "terminal/output.h"
#include "text/ascii.h"

namespace cartpilot::host {
namespace {

std::vector<std::string> scenarios_in(const std::string& list) {
  if (list == "none") return {};
  if (list == "all") {
    return {"price_change", "out_of_stock", "duplicate_webhook", "delayed_webhook",
            "out_of_order_webhook"};
  }
  return text::words_of(list, ", ");
}

sandbox::SandboxOptions options_of(const Arguments& arguments, const Settings& settings) {
  sandbox::SandboxOptions options;
  options.port = arguments.port;
  options.db_path = arguments.database;
  if (options.db_path.empty()) {
    base::make_own_folder(settings.state_directory);  // a failure shows when the file is opened
    options.db_path = (settings.state_directory / "sandbox.db").string();
  }
  if (!arguments.api_key.empty()) options.api_key = arguments.api_key;
  options.strict = arguments.strict;
  options.seed = arguments.seed;
  if (arguments.chaos) options.chaos = scenarios_in(*arguments.chaos);
  options.merchant_a_port = arguments.merchant_a_port;
  options.merchant_b_port = arguments.merchant_b_port;
  options.webhook_url = arguments.webhook_url;
  const auto secret = settings.environment.find("WEBHOOK_SECRET");
  if (secret != settings.environment.end() && !secret->second.empty()) {
    options.webhook_secret = secret->second;
  }
  return options;
}

}  // namespace

int run_sandbox(CommandServices& services) {
  const sandbox::SandboxOptions options = options_of(services.arguments(), services.settings());
  sandbox::SandboxServer server(options);
  out_row(fmt::format("CartPilot sandbox on {}  (state in {}; Ctrl-C stops)", server.url(),
                      options.db_path));
  for (const char* merchant : {"merchant-a", "merchant-b"}) {
    const std::string url = server.merchant_url(merchant);
    if (!url.empty()) out_row(fmt::format("{} on {}", merchant, url));
  }
  const std::vector<std::string> chaos = server.running_chaos();
  if (!chaos.empty()) {
    // The database remembers it, so it may come as a surprise.
    out_row(fmt::format("chaos at merchant-b: {}  (--chaos none switches it off)",
                        fmt::join(chaos, ", ")));
  }
  const Interrupt interrupt;
  while (!interrupt.cancelled()) ::poll(nullptr, 0, 200);
  server.stop();
  return kOk;
}

}  // namespace cartpilot::host
