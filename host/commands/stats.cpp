// cartpilot stats: tokens, money, times and purchases, by day and provider.
#include <fmt/format.h>

#include "base/clock.h"
#include "cli/exit_code.h"
#include "commands/commands.h"
#include "commands/stats_report.h"
#include "cost/day.h"
#include "terminal/output.h"

namespace cartpilot::host {

int run_stats(CommandServices& services) {
  constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;
  const int days = services.arguments().days;
  const std::string first_day = cost::day_of(base::unix_ms_now() - (days - 1) * kDayMs);
  std::map<std::string, std::string> providers;
  for (const store::SessionSummary& session : services.sessions().list()) {
    providers[session.id] = session.provider;
  }
  const Stats stats = stats_of(cost::Ledger(services.state()).entries(), services.journal().list(),
                               providers, first_day);
  if (services.arguments().json) {
    out_json(stats_json(stats));
    return kOk;
  }
  for (const std::string& line : stats_lines(stats)) out_row(line);
  if (stats.empty()) {
    err_line(
        fmt::format("Nothing is on record for the last {} day{}.", days, days == 1 ? "" : "s"));
  }
  return kOk;
}

}  // namespace cartpilot::host
