// PluginIndex: what every plugin file in a directory offers, without opening the files again.
//
// Kept in the cache, one text per directory; valid only as long as no file in it was added, removed
// or changed. That makes starting with hundreds of plugins as fast as with one.
#pragma once

#include <string>
#include <vector>

#include "plugin/host/cache.h"
#include "plugin/host/discovery.h"

namespace cartpilot::plugin {

/// What the manifest says, as far as it decides which plugin is loaded.
struct PluginSummary {
  std::string id;  ///< "" when the manifest could not be read
  std::vector<std::string> providers;
  std::vector<std::string> tool_sets;
  bool refused = false;  ///< the file was refused without running it

  bool operator==(const PluginSummary&) const = default;
};

/// One summary for each candidate, in their order.
std::vector<PluginSummary> summarise(const std::vector<const Candidate*>& candidates,
                                     const PluginCache& cache);

}  // namespace cartpilot::plugin
