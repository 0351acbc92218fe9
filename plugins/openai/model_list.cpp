#include "openai/model_list.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace cartpilot::openai {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
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

}  // namespace

std::vector<ModelInfo> read_model_list(std::string_view body, const ServiceInfo& service) {
  Json value;
  try {
    value = parse_json(body);
  } catch (const Error&) {
    value = nullptr;
  }
  const Json* entries = nullptr;
  if (value.is_array()) entries = &value;
  for (const char* key : {"data", "models"}) {
    if (entries == nullptr && value.is_object() && value.contains(key) && value[key].is_array()) {
      entries = &value[key];
    }
  }
  if (entries == nullptr) {
    throw Error(ErrorCode::kProtocol, "what " + service.base +
                                          "/models answers is no list of models; check "
                                          "OPENAI_BASE_URL");
  }
  std::vector<ModelInfo> models;
  for (const Json& entry : *entries) {
    const std::string id = string_or(entry, "id", string_or(entry, "name"));
    if (!id.empty()) models.push_back({id, string_or(entry, "owned_by")});
  }
  return models;
}

std::vector<std::string> near_names(const std::string& wanted, const std::vector<ModelInfo>& models,
                                    std::size_t count) {
  // Names longer than this are no names, and the distance costs their product.
  constexpr std::size_t kLongestName = 200;
  std::vector<std::pair<std::size_t, std::string>> ranked;
  if (wanted.size() > kLongestName) return {};
  for (const ModelInfo& model : models) {
    if (model.id.size() > kLongestName) continue;
    const bool part = model.id.find(wanted) != std::string::npos;
    const std::size_t distance = part ? 1 : edit_distance(wanted, model.id);
    if (distance <= std::max<std::size_t>(2, wanted.size() / 2))
      ranked.emplace_back(distance, model.id);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (const auto& [distance, name] : ranked) {
    if (names.size() < count) names.push_back(name);
  }
  return names;
}

}  // namespace cartpilot::openai
