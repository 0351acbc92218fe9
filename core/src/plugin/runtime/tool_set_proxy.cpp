#include "plugin/runtime/tool_set_proxy.h"

#include <fmt/format.h>

#include <mutex>
#include <utility>

#include "cartpilot/detail/calls.h"
#include "cartpilot/detail/wire.h"

namespace cartpilot::plugin {

PluginToolSet::PluginToolSet(std::shared_ptr<Module> module, const std::string& factory,
                             const ProviderConfig& config, CallTimeouts limits)
    : target_{module->services, module->manifest.id, SecretScrub(config.environment), limits},
      table_(module->tool_set),
      concurrent_(module->manifest.concurrent),
      instance_(std::move(module), target_, table_.create, table_.destroy, factory, config) {
  tools_ = read_list();
}

std::vector<ToolSpec> PluginToolSet::read_list() {
  PluginCall call(target_, "list", nullptr);
  const std::string result = call.result_of(
      [&](const cp_call*, const cp_sink* out) { return table_.list(instance_.get(), out); });
  return decode(target_, "list", [&] {
    return list_from_json(parse_json(result, "tools"), tool_spec_from_json, "tools");
  });
}

std::vector<ToolSpec> PluginToolSet::list() const { return tools_; }

ToolOutcome PluginToolSet::call(const std::string& name, const Json& arguments,
                                const CallContext& context) {
  const std::string text = dump_json(arguments);
  std::unique_lock<InstanceLock> lock(lock_, std::defer_lock);
  if (!concurrent_) lock.lock();
  PluginCall call(target_, fmt::format("call of {}", name), &context);
  const std::string result = call.result_of([&](const cp_call* view, const cp_sink* out) {
    return table_.call(instance_.get(), view, detail::bytes(name), detail::bytes(text), out);
  });
  return decode(target_, fmt::format("the result of {}", name),
                [&] { return outcome_from_json(parse_json(result, "outcome")); });
}

}  // namespace cartpilot::plugin
