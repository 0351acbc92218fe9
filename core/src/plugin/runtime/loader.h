// Loading: from a file to a Module that may be used.
//
// open_plugin_file() maps the file and checks entry, struct, epoch, manifest and interfaces, and
// puts back what the file changed in the process meanwhile;
// start_module() runs the plugin's init, once per process however many hosts share it. Mapped code
// is never unmapped. Modules are shared by the host and every proxy. Functions are thread-safe and
// hold no lock while plugin code runs.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cartpilot/abi.h"
#include "plugin/file/manifest.h"
#include "plugin/host/examination.h"
#include "plugin/runtime/host_services.h"

namespace cartpilot::plugin {

struct Module {
  std::filesystem::path file;
  const cp_plugin* plugin = nullptr;
  PluginManifest manifest;
  cp_provider_v1 provider{};  ///< own copy; functions the plugin lacks are null
  cp_toolset_v1 tool_set{};
  std::shared_ptr<HostServices> services;
  std::atomic<int> instances{0};      ///< providers and tool sets alive
  std::vector<std::string> warnings;  ///< what is odd about it, but no reason to refuse it
};

/// Told before each step of opening: open, entry, query.
using PhaseObserver = void (*)(const char* phase);

/// Null with `refusal` filled, or a module whose init has not run yet. `seen` is what was examined;
/// if the file is another one by now, it is refused.
std::shared_ptr<Module> open_examined(const std::filesystem::path& file, const Examination& seen,
                                      std::shared_ptr<HostServices> services, Refusal& refusal,
                                      PhaseObserver observer = nullptr);

/// Examines and opens.
std::shared_ptr<Module> open_plugin_file(const std::filesystem::path& file,
                                         std::shared_ptr<HostServices> services, Refusal& refusal,
                                         PhaseObserver observer = nullptr);

/// Runs init unless another host already did. A refusal when it failed; `warnings` gets what it did
/// to the process.
Refusal start_module(const Module& module, std::vector<std::string>& warnings);

/// Runs shutdown when no other host uses the plugin. Only after a successful start_module().
void stop_module(const Module& module) noexcept;

}  // namespace cartpilot::plugin
