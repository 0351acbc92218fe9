#include "plugin/host/names.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace cartpilot::plugin {
namespace {

constexpr std::size_t kLongestCompared = 63;  // plugin ids are no longer

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<std::string> near_names(std::string_view typed, const std::vector<std::string>& known) {
  std::vector<std::pair<std::size_t, std::string>> near;
  if (typed.empty() || typed.size() > kLongestCompared) return {};
  for (const std::string& name : known) {
    if (name.size() > kLongestCompared) continue;
    const bool continues = name.rfind(typed, 0) == 0 || typed.substr(0, name.size()) == name;
    const std::size_t distance = continues ? 1 : edit_distance(typed, name);
    if (distance <= std::max<std::size_t>(1, name.size() / 3)) near.emplace_back(distance, name);
  }
  std::sort(near.begin(), near.end());
  std::vector<std::string> names;
  for (auto& [distance, name] : near) names.push_back(std::move(name));
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  if (names.empty()) return "none";
  std::string text = names.front();
  for (std::size_t i = 1; i < names.size(); ++i) {
    text += i + 1 == names.size() ? " and " : ", ";
    text += names[i];
  }
  return text;
}

}  // namespace cartpilot::plugin
