// PluginToolSet: a tool set of a plugin, as an ordinary ToolSet.
//
// Owns the plugin's instance and keeps its module alive. Calls overlap only when the plugin's
// manifest allows it; otherwise they wait for each other. The declarations are read once, when it
// is made. Everything a plugin does wrong ends as Error{kProtocol} naming it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cartpilot/llm_provider.h"
#include "cartpilot/tool_set.h"
#include "plugin/runtime/call.h"
#include "plugin/runtime/instance.h"
#include "plugin/runtime/instance_lock.h"
#include "plugin/runtime/loader.h"

namespace cartpilot::plugin {

class PluginToolSet final : public ToolSet {
 public:
  /// Makes an instance of `factory` and reads its list. Throws its error.
  PluginToolSet(std::shared_ptr<Module> module, const std::string& factory,
                const ProviderConfig& config, CallTimeouts limits = {});
  PluginToolSet(const PluginToolSet&) = delete;
  PluginToolSet& operator=(const PluginToolSet&) = delete;

  std::vector<ToolSpec> list() const override;
  ToolOutcome call(const std::string& name, const Json& arguments,
                   const CallContext& context) override;

 private:
  std::vector<ToolSpec> read_list();

  const CallTarget target_;
  const cp_toolset_v1 table_;
  const bool concurrent_;
  const PluginInstance instance_;
  std::vector<ToolSpec> tools_;
  InstanceLock lock_;
};

}  // namespace cartpilot::plugin
