// PluginInstance: the object a plugin made for us, destroyed by the plugin that made it.
//
// Keeps the module alive and counts itself there. One owner; construction and destruction enter the
// plugin on the calling thread.
#pragma once

#include <memory>
#include <string>

#include "cartpilot/llm_provider.h"
#include "plugin/runtime/call.h"
#include "plugin/runtime/loader.h"

namespace cartpilot::plugin {

class PluginInstance {
 public:
  using Create = void* (*)(cp_bytes factory, cp_bytes config_json, const cp_sink* err);
  using Destroy = void (*)(void* self);

  /// `target` outlives the instance. Throws the plugin's error.
  PluginInstance(std::shared_ptr<Module> module, const CallTarget& target, Create create,
                 Destroy destroy, const std::string& factory, const ProviderConfig& config);
  ~PluginInstance();
  PluginInstance(const PluginInstance&) = delete;
  PluginInstance& operator=(const PluginInstance&) = delete;

  void* get() const { return self_; }
  const Module& module() const { return *module_; }

 private:
  const std::shared_ptr<Module> module_;
  const CallTarget& target_;
  const Destroy destroy_;
  void* self_ = nullptr;
};

}  // namespace cartpilot::plugin
