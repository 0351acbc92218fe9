// The report of the load measurement: a table of what was measured, and whether it is within the
// budgets.
//
// Values; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "subjects.h"

namespace cartpilot::load {

constexpr double kMaxAddedMs = 25;
constexpr double kMaxKilobytes = 300;

struct Report {
  double wanted_rate = 0;
  std::vector<Result> trials{};  ///< of `serve`, at rates from the wanted one downwards
  Result relay{};
  Result serve{};
  std::optional<Result> gateway{};
  bool timed = true;  ///< false = only errors are judged

  /// ms of the first text event: a percentile of `serve` less the same percentile of the relay.
  double added(double share) const;
  bool without_errors() const;
  bool pass() const;
};

void print(const Report& report);
Json json_of(const Report& report);

}  // namespace cartpilot::load
