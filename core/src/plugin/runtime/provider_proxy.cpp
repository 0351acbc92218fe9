#include "plugin/runtime/provider_proxy.h"

#include <fmt/format.h>

#include <mutex>
#include <string_view>
#include <utility>
#include <variant>

#include "cartpilot/detail/calls.h"
#include "cartpilot/detail/wire.h"

namespace cartpilot::plugin {
namespace {

[[noreturn]] void unsupported(const CallTarget& target, const char* what) {
  throw Error(ErrorCode::kUnsupported, fmt::format("plugin {} offers no {}", target.plugin, what));
}

}  // namespace

PluginProvider::PluginProvider(std::shared_ptr<Module> module, const std::string& factory,
                               const ProviderConfig& config, CallTimeouts limits)
    : target_{module->services, module->manifest.id, SecretScrub(config.environment), limits},
      table_(module->provider),
      instance_(std::move(module), target_, table_.create, table_.destroy, factory, config) {
  info_ = read_info(factory);
}

ProviderInfo PluginProvider::read_info(const std::string& factory) {
  if (table_.info == nullptr) return {factory, "", ""};
  PluginCall call(target_, "info", nullptr);
  const std::string result = call.result_of(
      [&](const cp_call*, const cp_sink* out) { return table_.info(instance_.get(), out); });
  return decode(target_, "info", [&] { return info_from_json(parse_json(result, "info")); });
}

ProviderInfo PluginProvider::info() const { return info_; }

void PluginProvider::check() const {
  if (table_.check == nullptr) return;
  const std::lock_guard<InstanceLock> lock(lock_);
  PluginCall call(target_, "check", nullptr);
  call.finish(call.enter(
      [&](const cp_call*, const cp_sink* out) { return table_.check(instance_.get(), out); }));
}

std::vector<ModelInfo> PluginProvider::models(const CallContext& context) {
  if (table_.models == nullptr) unsupported(target_, "list of models");
  const std::lock_guard<InstanceLock> lock(lock_);
  PluginCall call(target_, "models", &context);
  const std::string result = call.result_of([&](const cp_call* view, const cp_sink* out) {
    return table_.models(instance_.get(), view, out);
  });
  return decode(target_, "models", [&] {
    return list_from_json(parse_json(result, "models"), model_from_json, "models");
  });
}

void PluginProvider::generate(const GenerateRequest& request, EventSink& sink,
                              const CallContext& context) {
  bool finished = false;
  const auto on_delta = [&](std::string_view delta) {
    const StreamEvent event = decode(target_, "an event", [&] {
      if (finished) throw Error(ErrorCode::kProtocol, "it came after finish");
      return event_from_json(parse_json(delta, "event", kEventJson));
    });
    finished = std::holds_alternative<Finish>(event);
    sink.on_event(event);
  };
  const std::string text = dump_json(request_to_json(request));
  const std::lock_guard<InstanceLock> lock(lock_);
  PluginCall call(target_, "chat", &context, on_delta);
  call.finish(call.enter([&](const cp_call* context_view, const cp_sink* out) {
    return table_.chat(instance_.get(), context_view, detail::bytes(text), out);
  }));
  if (finished) return;
  throw Error(ErrorCode::kProtocol,
              fmt::format("chat of plugin {} ended without a finish event", target_.plugin));
}

Json PluginProvider::translate(const char* what,
                               std::int32_t (*function)(void*, cp_bytes, const cp_sink*),
                               const Json& input) const {
  if (function == nullptr) unsupported(target_, what);
  const std::string text = dump_json(input);
  const std::lock_guard<InstanceLock> lock(lock_);
  PluginCall call(target_, what, nullptr);
  const std::string result = call.result_of([&](const cp_call*, const cp_sink* out) {
    return function(instance_.get(), detail::bytes(text), out);
  });
  return decode(target_, what, [&] { return parse_json(result, what); });
}

Json PluginProvider::function_declarations(const std::vector<ToolSpec>& tools) const {
  return translate("function declarations", table_.function_declarations,
                   list_to_json(tools, tool_spec_to_json));
}

std::vector<ToolCall> PluginProvider::parse_function_calls(const Json& message) const {
  const Json calls = translate("function calls", table_.parse_function_calls, message);
  return decode(target_, "function calls",
                [&] { return list_from_json(calls, tool_call_from_json, "function calls"); });
}

Json PluginProvider::function_responses(const std::vector<ToolResult>& results) const {
  return translate("function responses", table_.function_responses,
                   list_to_json(results, tool_result_to_json));
}

}  // namespace cartpilot::plugin
