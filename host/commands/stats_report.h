// Statistics: what models and purchases came to, by day and provider.
//
// Pure functions over what the state holds; any thread.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cartpilot/json.h"
#include "cost/totals.h"
#include "purchase/journal.h"

namespace cartpilot::host {

struct DayStats {
  cost::Total models;
  std::map<std::string, int> purchases;          ///< by outcome
  std::map<std::string, int> sandbox_purchases;  ///< by outcome; play money
};

/// By day in UTC and provider, newest first; "-" is the provider of conversations without one.
using Stats = std::map<std::pair<std::string, std::string>, DayStats, std::greater<>>;

/// `providers` are those of conversations, by id. Days before `first_day` are left out.
Stats stats_of(const std::vector<cost::LedgerEntry>& requests,
               const std::vector<purchase::Attempt>& attempts,
               const std::map<std::string, std::string>& providers, const std::string& first_day);

Json stats_json(const Stats& stats);

/// A paragraph for each day and provider.
std::vector<std::string> stats_lines(const Stats& stats);

}  // namespace cartpilot::host
