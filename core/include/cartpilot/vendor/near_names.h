// Names near a mistyped one: options, models.
//
// Pure functions; any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

/// Number of bytes to insert, remove or replace to make `b` of `a`.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

/// Up to `count` of `names` that look like `wanted`, nearest first. Names of more than 200 bytes
/// are passed over.
inline std::vector<std::string> near_names(std::string_view wanted,
                                           const std::vector<std::string>& names,
                                           std::size_t count) {
  constexpr std::size_t kMaxName = 200;
  std::vector<std::pair<std::size_t, std::string>> ranked;
  if (wanted.empty() || wanted.size() > kMaxName) return {};
  for (const std::string& name : names) {
    if (name.size() > kMaxName) continue;
    const std::size_t distance = contains(name, wanted) ? 1 : edit_distance(wanted, name);
    if (distance <= std::max<std::size_t>(2, wanted.size() / 2)) {
      ranked.emplace_back(distance, name);
    }
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> nearest;
  for (auto& [distance, name] : ranked) {
    if (nearest.size() < count) nearest.push_back(std::move(name));
  }
  return nearest;
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
