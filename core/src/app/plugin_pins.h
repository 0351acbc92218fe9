// What functions of plugins were when they were last offered to a model, and what changed since.
//
// A function's description and schema are words to the model. A plugin that was replaced may say
// something else under a known name. A free function over a borrowed StateDb; one thread.
#pragma once

#include <string>
#include <vector>

#include "plugin/host/plugins.h"
#include "store/state_db.h"

namespace cartpilot::app {

/// A sentence for each plugin whose functions are others than the last time: which, and what of
/// them. They are remembered as they are now, so that it is said once. Nothing is said of a plugin
/// that is seen for the first time.
std::vector<std::string> changed_functions(
    const std::vector<plugin::PluginHost::NamedToolSet>& sets, store::StateDb& state);

}  // namespace cartpilot::app
