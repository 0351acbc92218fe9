#include "app/provider_choice.h"

#include <fmt/format.h>

#include <algorithm>

#include "cartpilot/error.h"

namespace cartpilot::app {

std::vector<std::string> set_keys(const plugin::PluginRecord& plugin,
                                  const std::map<std::string, std::string>& environment) {
  std::vector<std::string> keys;
  for (const std::string& name : plugin.secrets) {
    const auto value = environment.find(name);
    if (value == environment.end() || value->second.empty()) continue;
    if (value->second.find("://") == std::string::npos) keys.push_back(name);
  }
  return keys;
}

ChosenProvider provider_by_key(const std::vector<plugin::PluginRecord>& plugins,
                               const std::map<std::string, std::string>& environment) {
  std::vector<ChosenProvider> chosen;
  for (const plugin::PluginRecord& plugin : plugins) {
    if (plugin.status != plugin::PluginStatus::kAvailable) continue;
    const std::vector<std::string> keys = set_keys(plugin, environment);
    if (keys.empty()) continue;
    for (const std::string& provider : plugin.providers) {
      chosen.push_back({provider, keys.front()});
    }
  }
  if (chosen.empty()) return {};
  if (chosen.size() == 1) return chosen.front();
  std::string keys;
  std::string names;
  for (const ChosenProvider& one : chosen) {
    if (keys.find(one.key) == keys.npos) keys += (keys.empty() ? "" : " and ") + one.key;
    names += (names.empty() ? "" : " or ") + one.name;
  }
  Error error(ErrorCode::kNotFound,
              fmt::format("no provider was named, and {} {} set: {} could answer", keys,
                          keys.find(' ') == keys.npos ? "is" : "are", names));
  error.reason = "no_provider";
  throw error;
}

std::map<std::string, std::string> options_of(const std::string& provider, const std::string& first,
                                              const std::vector<std::string>& providers,
                                              const std::map<std::string, std::string>& given) {
  std::map<std::string, std::string> own;
  for (const auto& [name, value] : given) {
    const std::size_t dot = name.find('.');
    const std::string prefix = name.substr(0, std::min(dot, name.size()));
    const bool named = dot != name.npos &&
                       (prefix == provider || prefix == first ||
                        std::find(providers.begin(), providers.end(), prefix) != providers.end());
    if (named && prefix == provider) own[name.substr(dot + 1)] = value;
    // What is named wins, whichever comes first.
    if (!named && provider == first) own.emplace(name, value);
  }
  return own;
}

}  // namespace cartpilot::app
