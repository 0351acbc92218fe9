// `cartpilot pair`: shows the code that pairs a browser with an approval page.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/wait.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "commands/commands.h"
#include "page/pairings.h"
#include "terminal/output.h"
#include "terminal/tty.h"

namespace cartpilot::host {
namespace {

constexpr std::chrono::milliseconds kLookForBrowser{250};

}  // namespace

int run_pair(CommandServices& services) {
  // On the terminal and nowhere else: a program that reads standard output is no person.
  const Tty tty;
  if (!tty.usable()) {
    err_line("cartpilot: a pairing code is shown on a terminal, and there is none here");
    return kRefusedByPolicy;
  }
  Pairings pairings(services.state());
  const std::vector<std::string> pages = pairings.pages();
  if (pages.empty()) {
    throw Error(ErrorCode::kUnavailable,
                "no approval page is open; start one with 'cartpilot mcp --approval-page'");
  }
  const Pairings::Code code = pairings.draw();
  tty.write(
      fmt::format("\n Open {} in your browser:\n   {}\n\n Pairing code: {}\n\n"
                  " It is good for one browser, 5 minutes and 5 tries. Ctrl-C withdraws it.\n",
                  pages.size() == 1 ? "this page" : "one of these pages", fmt::join(pages, "\n   "),
                  code.text));
  const Interrupt interrupt;
  for (;;) {
    switch (pairings.state_of(code.id)) {
      case PairingState::kUsed: tty.write(" The browser is paired.\n"); return kOk;
      case PairingState::kOver:
        tty.write(" The code is over; no browser is paired.\n");
        return kFailed;
      case PairingState::kOpen: break;
    }
    if (!base::wait_unless_cancelled(kLookForBrowser, interrupt)) {
      pairings.revoke(code.id);
      return kInterrupted;
    }
  }
}

}  // namespace cartpilot::host
