// Totals: what a number of requests to models came to.
//
// Pure functions; any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cost/ledger.h"

namespace cartpilot::cost {

struct Total {
  int requests = 0;
  int retries = 0;  ///< of the requests, those that repeat one that failed
  int failed = 0;
  Usage usage;
  std::map<std::string, std::int64_t> nanos;  ///< by currency, of what is known
  int unknown = 0;                            ///< requests whose cost is not known
  bool at_most = false;
  std::string estimate_of;             ///< day of the oldest price that was old; "" = none was
  std::vector<std::int64_t> first_ms;  ///< in the order of the requests

  void add(const LedgerEntry& entry);
};

/// By "provider/model".
std::map<std::string, Total> totals_by_model(const std::vector<LedgerEntry>& entries);

/// "0.0123 USD", "at most 0.0123 USD", "0.01 USD (estimate of 2026-05-07) and an unknown part",
/// "unknown".
std::string cost_text(const Total& total);

}  // namespace cartpilot::cost
