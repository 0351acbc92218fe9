// PluginProvider: a provider of a plugin, as an ordinary LLMProvider.
//
// Owns the plugin's instance and keeps its module alive. One call at a time, like every provider; a
// call made while another one runs waits, and one made from inside another one throws. Everything a
// plugin does wrong ends as Error{kProtocol} naming it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cartpilot/llm_provider.h"
#include "plugin/runtime/call.h"
#include "plugin/runtime/instance.h"
#include "plugin/runtime/instance_lock.h"
#include "plugin/runtime/loader.h"

namespace cartpilot::plugin {

class PluginProvider final : public LLMProvider {
 public:
  /// Makes an instance of `factory`. `config` is what the plugin may see. Throws its error.
  PluginProvider(std::shared_ptr<Module> module, const std::string& factory,
                 const ProviderConfig& config, CallTimeouts limits = {});
  PluginProvider(const PluginProvider&) = delete;
  PluginProvider& operator=(const PluginProvider&) = delete;

  ProviderInfo info() const override;
  void check() const override;
  std::vector<ModelInfo> models(const CallContext& context) override;
  void generate(const GenerateRequest& request, EventSink& sink,
                const CallContext& context) override;
  Json function_declarations(const std::vector<ToolSpec>& tools) const override;
  std::vector<ToolCall> parse_function_calls(const Json& message) const override;
  Json function_responses(const std::vector<ToolResult>& results) const override;

 private:
  ProviderInfo read_info(const std::string& factory);
  Json translate(const char* what, std::int32_t (*function)(void*, cp_bytes, const cp_sink*),
                 const Json& input) const;

  const CallTarget target_;
  const cp_provider_v1 table_;
  const PluginInstance instance_;
  ProviderInfo info_;
  mutable InstanceLock lock_;
};

}  // namespace cartpilot::plugin
