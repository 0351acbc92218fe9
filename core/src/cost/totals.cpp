#include "cost/totals.h"

#include "cost/day.h"

namespace cartpilot::cost {

void Total::add(const LedgerEntry& entry) {
  const RequestOutcome& outcome = entry.outcome;
  ++requests;
  if (entry.request.attempt > 1) ++retries;
  if (!outcome.answered) ++failed;
  usage += outcome.usage;
  if (outcome.first_ms) first_ms.push_back(*outcome.first_ms);
  if (!outcome.cost) {
    ++unknown;
    return;
  }
  const Cost& cost = *outcome.cost;
  std::int64_t& so_far = nanos[cost.amount.currency];
  so_far = sum(so_far, cost.amount.nanos);
  at_most = at_most || cost.at_most;
  if (cost.checked.empty()) return;
  const bool old = days_between(cost.checked, day_of(entry.unix_ms)) > kMaxPriceAgeDays;
  if (old && (estimate_of.empty() || cost.checked < estimate_of)) estimate_of = cost.checked;
}

std::map<std::string, Total> totals_by_model(const std::vector<LedgerEntry>& entries) {
  std::map<std::string, Total> totals;
  for (const LedgerEntry& entry : entries) {
    totals[entry.request.provider + "/" + entry.request.model].add(entry);
  }
  return totals;
}

std::string cost_text(const Total& total) {
  if (total.nanos.empty()) return total.unknown > 0 ? "unknown" : "nothing";
  std::string text = total.at_most ? "at most " : "";
  for (const auto& [currency, amount] : total.nanos) {
    if (&currency != &total.nanos.begin()->first) text += " and ";
    text += format_amount({amount, currency});
  }
  if (!total.estimate_of.empty()) text += " (estimate of " + total.estimate_of + ")";
  return total.unknown > 0 ? text + " and an unknown part" : text;
}

}  // namespace cartpilot::cost
