// What only the loaded plugin can tell: the default model, the options, the functions.
//
// Asked in a process of its own: a plugin that passed its test load may still end it. One thread.
#pragma once

#include <filesystem>

#include "cartpilot/json.h"
#include "commands/services.h"

namespace cartpilot::host {

/// A search that finds this file and nothing else, under the person's rules for plugins.
plugin::SearchOptions only_file(const Settings& settings, const std::filesystem::path& file);

/// {"models":{provider:model},"options":{provider:names},"functions":[{"name","description",
/// "effect"}]}; what the plugin could not tell is left out.
Json plugin_details(const Settings& settings, const plugin::PluginRecord& record);

/// main() of the process that is asked (plugin info FILE --details): prints them as JSON.
int tell_plugin_details(CommandServices& services);

}  // namespace cartpilot::host
