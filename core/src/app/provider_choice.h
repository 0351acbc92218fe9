// Which provider answers when nobody named one, and which options are its own.
//
// Pure functions over what plugins say of themselves; any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plugin/host/plugins.h"

namespace cartpilot::app {

struct ChosenProvider {
  std::string name;  ///< "" = no key is set
  std::string key;   ///< the variable that decided
};

/// Of the variables that a plugin declares as keys those that are set, in its order. The value of
/// an address (it has a scheme) is no key.
std::vector<std::string> set_keys(const plugin::PluginRecord& plugin,
                                  const std::map<std::string, std::string>& environment);

/// The provider whose key is the only one that is set. Several keys of one plugin count as one.
/// Throws Error{kNotFound, reason "no_provider"} that names all of them when there are several.
ChosenProvider provider_by_key(const std::vector<plugin::PluginRecord>& plugins,
                               const std::map<std::string, std::string>& environment);

/// Of options as they were given those that are meant for `provider`, without its name:
/// "openai.api" is for openai alone, "api" for `first`, the provider it was given for. Names of
/// `providers` are prefixes; any other dot belongs to the option.
std::map<std::string, std::string> options_of(const std::string& provider, const std::string& first,
                                              const std::vector<std::string>& providers,
                                              const std::map<std::string, std::string>& given);

}  // namespace cartpilot::app
