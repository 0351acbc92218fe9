// PluginHost: finds plugins, loads the ones a command needs, and hands out their providers and tool
// sets as the ordinary abstract classes.
//
// The host owns the modules; every proxy keeps its module alive. Loading is lazy and serialised;
// loaded code is never unloaded. One broken file never stops another: it becomes a PluginRecord
// with what, why and fix. Call shutdown() from main before exit; nothing runs from static
// destructors. The transport is borrowed.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cartpilot/http.h"
#include "cartpilot/llm_provider.h"
#include "cartpilot/tool_set.h"
#include "plugin/host/probe.h"
#include "plugin/runtime/host_services.h"
#include "plugin/runtime/provider_proxy.h"

namespace cartpilot::plugin {

/// Where to look, in the order the first hit wins.
struct SearchOptions {
  std::vector<std::filesystem::path> files;        ///< named one by one
  std::vector<std::filesystem::path> directories;  ///< named by the person
  std::string directories_from = "named";          ///< how, as the front end calls it
  std::string environment_path;                    ///< CARTPILOT_PLUGIN_PATH
  std::string environment_allow;  ///< CARTPILOT_PLUGINS: "none" or "id,id"; "" = all
  std::vector<std::filesystem::path> configured;  ///< plugins.paths of the config file
  bool enabled = true;                            ///< false: no plugins at all
  bool standard_places = true;  ///< the user's, the program's and the compiled-in directory
  bool allow_insecure = false;  ///< wrong permissions are a notice
  ProbeOptions probe;           ///< without a program nothing is tried in a child
  std::filesystem::path cache_directory;  ///< "" = keep nothing
};

/// A place that was looked at, or why it was not.
struct SearchedDirectory {
  std::filesystem::path path;
  std::string source;   ///< who asked for it
  std::string problem;  ///< "" = it was searched
};

enum class PluginStatus { kAvailable, kRefused, kShadowed, kDisabled };

/// One file that was looked at.
struct PluginRecord {
  std::filesystem::path file;
  std::filesystem::path target;  ///< where the file leads when it is a link; else ""
  std::string id;                ///< from the manifest; file name stem when it was never read
  std::string version;
  PluginStatus status = PluginStatus::kAvailable;
  std::string code;  ///< CP-Pnn when refused
  std::string why;
  std::string fix;
  std::vector<std::string> providers;
  std::vector<std::string> tool_sets;
  std::vector<std::string> environment;  ///< variables the plugin asks for
  std::vector<std::string> secrets;      ///< of these, those that it declares as keys
  std::string title;                     ///< "name" of the manifest, and the like; "" = not given
  std::string license;
  std::string homepage;
  Json build;                         ///< what it was built with; null = not given
  std::int64_t abi_epoch = 0;         ///< 0 = the manifest could not be read
  std::int64_t abi_revision = 0;      ///< the least one of the host
  bool tried = false;                 ///< it was loaded, here or in a child, with this outcome
  std::vector<std::string> warnings;  ///< what is odd about it
};

struct DeclaredVariables {
  std::vector<std::string> all;
  std::vector<std::string> secrets;  ///< of these, those that a plugin declares as keys
};

/// The environment variables that the manifests of all plugin files ask for. Runs none of their
/// code.
DeclaredVariables declared_variables(const SearchOptions& search);

class PluginHost {
 public:
  /// Reads directories, loads nothing. `log` receives plugins' log lines (any thread); empty = they
  /// are dropped.
  PluginHost(SearchOptions search, HttpTransport& transport, HostServices::LogSink log = {});
  /// Cuts plugins off from the transport; runs no plugin code.
  ~PluginHost();
  PluginHost(const PluginHost&) = delete;
  PluginHost& operator=(const PluginHost&) = delete;

  /// All plugins found, in search order, examined without running any of their code; what earlier
  /// runs found out about a file is shown too. Problems are records, not errors.
  std::vector<PluginRecord> list();

  /// Like list(), for plugins whose id, file name or path is `name` ("" = all), but each is tried
  /// in a child process, `again` even when that was done before.
  std::vector<PluginRecord> inspect(const std::string& name, bool again);

  /// Where plugins are searched, in order.
  const std::vector<SearchedDirectory>& directories() const;

  /// Notices for stderr: ignored search entries, permissions that were let pass, what a plugin
  /// changed in the process, tool sets that could not be made.
  std::vector<std::string> notices() const;

  /// Names of all providers on offer, from their manifests; loads nothing.
  std::vector<std::string> provider_names();

  /// Makes a provider by short name ("gemini") or "id:factory". Loads only what it must:
  /// cartpilot-NAME.so first. `environment` is filtered to the variables the plugin declared.
  /// Throws Error{kNotFound} with near names, or the refusal of the very plugin asked for (reason
  /// "CP-Pnn").
  std::unique_ptr<PluginProvider> make_provider(
      const std::string& name, const std::map<std::string, std::string>& environment,
      const std::map<std::string, std::string>& options);

  /// All tool sets of all plugins that offer some; loads only those. One that fails is a notice.
  struct NamedToolSet {
    std::string name;
    std::string plugin;  ///< id
    std::unique_ptr<ToolSet> tools;
  };
  std::vector<NamedToolSet> make_tool_sets(const std::map<std::string, std::string>& environment);

  /// Calls the plugins' shutdown functions, newest first. Every provider and tool set must be gone
  /// before; a plugin that still has one is left running. Afterwards nothing can be loaded.
  void shutdown();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cartpilot::plugin
