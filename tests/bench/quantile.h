// The value below which a share of all values lie.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace cartpilot::bench {

/// 0.5 is the median. 0 of no values.
inline double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double at = share * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, values.size() - 1);
  return values[low] + (values[high] - values[low]) * (at - static_cast<double>(low));
}

}  // namespace cartpilot::bench
