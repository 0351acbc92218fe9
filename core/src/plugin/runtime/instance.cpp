#include "plugin/runtime/instance.h"

#include <utility>

#include "cartpilot/detail/calls.h"
#include "cartpilot/detail/wire_request.h"

namespace cartpilot::plugin {

PluginInstance::PluginInstance(std::shared_ptr<Module> module, const CallTarget& target,
                               Create create, Destroy destroy, const std::string& factory,
                               const ProviderConfig& config)
    : module_(std::move(module)), target_(target), destroy_(destroy) {
  const std::string text = dump_json(config_to_json(config));
  PluginCall call(target_, "creation", nullptr);
  self_ = call.enter(
      [&](const cp_call*, const cp_sink* err) {
        return create(detail::bytes(factory), detail::bytes(text), err);
      },
      static_cast<void*>(nullptr));
  if (self_ == nullptr) throw call.creation_error();
  ++module_->instances;
}

PluginInstance::~PluginInstance() {
  const PluginScope scope(target_.services, target_.plugin);
  try {
    destroy_(self_);
  } catch (...) {
    target_.services->log(3, target_.plugin, "destroying an object threw an exception; ignored");
  }
  --module_->instances;
}

}  // namespace cartpilot::plugin
