#include "app/plugin_pins.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <set>

#include "app/server_pins.h"
#include "base/digest.h"
#include "cartpilot/json.h"

namespace cartpilot::app {

namespace {

using PartDigests = std::map<std::string, std::string>;
/// By function, then by part.
using Functions = std::map<std::string, PartDigests>;

const char* effect_text(EffectClass effect) {
  return effect == EffectClass::kRead ? "read" : effect == EffectClass::kWrite ? "write" : "money";
}

/// A pin's name: "tools forecast description". Neither a set nor a function has a blank in its
/// name.
std::string pin_name(const std::string& function, const std::string& part) {
  return function + " " + part;
}

/// The functions of each plugin.
std::map<std::string, Functions> functions_of(
    const std::vector<plugin::PluginHost::NamedToolSet>& sets) {
  std::map<std::string, Functions> plugins;
  for (const auto& set : sets) {
    Functions& functions = plugins[set.plugin];
    for (const ToolSpec& spec : set.tools->list()) {
      functions[set.name + " " + spec.name] = {
          {"description", base::sha256_hex(spec.description)},
          {"parameters", base::sha256_hex(dump_json(spec.parameters))},
          {"effect", base::sha256_hex(effect_text(spec.effect))}};
    }
  }
  return plugins;
}

/// What a person calls it: without the set.
std::string function_name(const std::string& function) {
  return function.substr(function.find(' ') + 1);
}

/// Compares one plugin with its pins, and makes them those of now.
std::string change_of(const std::string& plugin, const Functions& functions, ServerPins& pins) {
  const std::string owner = "plugin:" + plugin;
  const PartDigests before = pins.of(owner);
  PartDigests now;
  std::vector<std::string> said;
  for (const auto& [function, parts] : functions) {
    std::vector<std::string> changed;
    bool known = false;
    for (const auto& [part, digest] : parts) {
      const std::string name = pin_name(function, part);
      now[name] = digest;
      const auto pin = before.find(name);
      known = known || pin != before.end();
      if (pin == before.end() || pin->second != digest) changed.push_back(part);
    }
    if (!known) {
      said.push_back(fmt::format("{} is new", function_name(function)));
    } else if (!changed.empty()) {
      said.push_back(
          fmt::format("{} has another {}", function_name(function), fmt::join(changed, " and ")));
    }
  }
  std::vector<std::string> gone;
  std::set<std::string> gone_functions;
  for (const auto& [name, digest] : before) {
    if (now.contains(name)) continue;
    gone.push_back(name);
    gone_functions.insert(name.substr(0, name.rfind(' ')));
  }
  for (const std::string& function : gone_functions) {
    if (!functions.contains(function)) {
      said.push_back(fmt::format("{} is gone", function_name(function)));
    }
  }
  if (now == before) return "";
  pins.forget(owner, gone);
  pins.agree(owner, now);
  if (before.empty()) return "";
  return fmt::format(
      "functions of plugin {} changed since they were last used: {}; 'cartpilot "
      "plugin info {}' shows them",
      plugin, fmt::join(said, ", "), plugin);
}

}  // namespace

std::vector<std::string> changed_functions(
    const std::vector<plugin::PluginHost::NamedToolSet>& sets, store::StateDb& state) {
  std::vector<std::string> sentences;
  ServerPins pins(state);
  for (const auto& [plugin, functions] : functions_of(sets)) {
    const std::string sentence = change_of(plugin, functions, pins);
    if (!sentence.empty()) sentences.push_back(sentence);
  }
  return sentences;
}

}  // namespace cartpilot::app
