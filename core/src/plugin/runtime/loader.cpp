#include "plugin/runtime/loader.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <link.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include "cartpilot/error.h"
#include "plugin/runtime/call.h"
#include "plugin/runtime/host_state.h"

namespace cartpilot::plugin {
namespace {

constexpr std::uint32_t kLargestStruct = 64 * 1024;  // beyond this a struct_size is garbage

const char* const kAskAuthor = "report it to the plugin's author";

void* open_file(const char* path) { return ::dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE); }

/// Whether an exception of a static constructor gets through the dynamic loader depends on how
/// everything was built; on trial it always ends the process, which then tells its words. dlopen()
/// is declared as one that never throws, so the compiler must not see whom it calls.
void* open_on_trial(const char* path) noexcept {
  void* (*volatile open)(const char*) = open_file;
  return open(path);
}

/// Copies the part of a table both sides know. False when its size cannot be true.
template <class Table>
bool copy_table(const void* source, Table& target) {
  std::uint32_t size = 0;
  std::memcpy(&size, source, sizeof(size));
  if (size < sizeof(size) || size > kLargestStruct) return false;
  target = {};
  std::memcpy(&target, source, std::min<std::size_t>(size, sizeof(Table)));
  target.struct_size = std::min<std::uint32_t>(size, sizeof(Table));
  return true;
}

Refusal broken_interface(const char* interface_id, const std::string& why) {
  return {"CP-P14", fmt::format("it promises {} but {}", interface_id, why), kAskAuthor};
}

template <class Table>
Refusal read_interface(const cp_plugin* plugin, const char* interface_id, Table& table) {
  const void* offered = nullptr;
  try {
    if (CP_HAS(cp_plugin, plugin, query)) offered = plugin->query(interface_id);
  } catch (...) {
    return broken_interface(interface_id, "throws when asked for it");
  }
  if (offered == nullptr) return broken_interface(interface_id, "does not offer it");
  if (!copy_table(offered, table)) {
    return broken_interface(interface_id, "its table has an impossible size");
  }
  return {};
}

Refusal read_interfaces(Module& module) {
  if (!module.manifest.providers.empty()) {
    Refusal refusal = read_interface(module.plugin, CP_PROVIDER, module.provider);
    if (!refusal.code.empty()) return refusal;
    const cp_provider_v1& table = module.provider;
    if (table.create == nullptr || table.destroy == nullptr || table.chat == nullptr) {
      return broken_interface(CP_PROVIDER, "lacks create, destroy or chat");
    }
  }
  if (!module.manifest.tool_sets.empty()) {
    Refusal refusal = read_interface(module.plugin, CP_TOOLSET, module.tool_set);
    if (!refusal.code.empty()) return refusal;
    const cp_toolset_v1& table = module.tool_set;
    if (table.create == nullptr || table.destroy == nullptr || table.list == nullptr ||
        table.call == nullptr) {
      return broken_interface(CP_TOOLSET, "lacks create, destroy, list or call");
    }
  }
  return {};
}

/// An interface that is offered but not declared is never used.
void note_undeclared(Module& module) {
  if (!CP_HAS(cp_plugin, module.plugin, query)) return;
  const auto look = [&](const std::vector<std::string>& declared, const char* interface_id) {
    try {
      if (declared.empty() && module.plugin->query(interface_id) != nullptr) {
        module.warnings.push_back(fmt::format(
            "it offers {} without declaring it in its manifest; that is not used", interface_id));
      }
    } catch (...) {
      module.warnings.push_back(
          fmt::format("its query function throws when asked for {}", interface_id));
    }
  };
  look(module.manifest.providers, CP_PROVIDER);
  look(module.manifest.tool_sets, CP_TOOLSET);
}

/// Everything that can be judged by looking at the struct; runs nothing but query(). `note` is the
/// manifest the file showed before.
Refusal accept(Module& module, const std::string& note, PhaseObserver observer) {
  // The first four fields are the same in every epoch; nothing else may be read before they fit.
  const cp_plugin* plugin = module.plugin;
  if (plugin->magic != CP_MAGIC) {
    return {"CP-P11", fmt::format("its plugin struct has the magic number {:#010x}", plugin->magic),
            kAskAuthor};
  }
  if (plugin->epoch != CP_EPOCH) return other_epoch(plugin->epoch);
  if (plugin->struct_size < sizeof(cp_plugin) || plugin->struct_size > kLargestStruct) {
    return {"CP-P11", fmt::format("its plugin struct claims {} bytes", plugin->struct_size),
            kAskAuthor};
  }
  if (plugin->manifest.ptr == nullptr || plugin->manifest.len > kLargestStruct) {
    return {"CP-P12", "its manifest is missing or too large", kAskAuthor};
  }
  const std::string_view manifest(plugin->manifest.ptr,
                                  static_cast<std::size_t>(plugin->manifest.len));
  if (manifest != note) {
    return {"CP-P25", "its code and its note hold different manifests",
            "it was changed after it was built; install it again"};
  }
  if (Refusal refusal = judge_manifest(manifest, module.manifest)) return refusal;
  if (observer != nullptr) observer("query");
  Refusal refusal = read_interfaces(module);
  if (!refusal) note_undeclared(module);
  return refusal;
}

/// True when what the dynamic loader mapped is the file that was examined.
bool same_file(void* handle, const FileIdentity& identity) {
  link_map* map = nullptr;
  FileIdentity mapped;
  return ::dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map != nullptr && map->l_name != nullptr &&
         identify(map->l_name, mapped) && mapped == identity;
}

/// What the dynamic loader says, with the C++ names people know.
std::string readable(const std::string& message) {
  constexpr std::string_view kUndefined = "undefined symbol: ";
  const std::size_t at = message.find(kUndefined);
  if (at == std::string::npos) return message;
  const std::string symbol = message.substr(at + kUndefined.size());
  int status = 0;
  char* name = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status);
  const std::string text =
      status == 0 && name != nullptr ? fmt::format("{} ({})", message, name) : message;
  std::free(name);
  return text;
}

Refusal loader_refusal(const std::string& message) {
  const bool symbol = message.find("undefined symbol") != std::string::npos;
  return {"CP-P08", fmt::format("the dynamic loader refused it: {}", readable(message)),
          symbol ? "link the plugin with -Wl,-z,defs to find out what it lacks"
                 : "install the missing library, or put it where the plugin's RUNPATH says"};
}

/// Plugins whose init ran, for the whole process.
struct Started {
  struct Entry {
    int users = 0;
    bool busy = false;  // init or shutdown runs on some thread
  };
  std::mutex mutex;
  std::condition_variable changed;
  std::map<const cp_plugin*, Entry> plugins;
};

Started& started() {
  static auto* table = new Started;  // plugins outlive static destructors
  return *table;
}

}  // namespace

std::shared_ptr<Module> open_plugin_file(const std::filesystem::path& file,
                                         std::shared_ptr<HostServices> services, Refusal& refusal,
                                         PhaseObserver observer) {
  return open_examined(file, examine_plugin(file), std::move(services), refusal, observer);
}

std::shared_ptr<Module> open_examined(const std::filesystem::path& file, const Examination& seen,
                                      std::shared_ptr<HostServices> services, Refusal& refusal,
                                      PhaseObserver observer) {
  refusal = seen.refusal;
  if (refusal) return nullptr;
  std::error_code error;
  const std::filesystem::path path = std::filesystem::canonical(file, error);
  if (error) {
    refusal = {"CP-P01", fmt::format("its path cannot be resolved: {}", error.message()),
               "check the path"};
    return nullptr;
  }
  FileIdentity now;
  const Refusal replaced = {"CP-P17", "the file was replaced while it was loaded", "start again"};
  if (!identify(path.c_str(), now) || now != seen.identity) {
    refusal = replaced;
    return nullptr;
  }

  auto module = std::make_shared<Module>();
  module->file = file;
  module->services = std::move(services);
  HostStateScope state;
  try {
    const PluginScope scope(module->services, "");
    if (observer != nullptr) observer("open");
    void* handle = observer != nullptr ? open_on_trial(path.c_str()) : open_file(path.c_str());
    if (handle == nullptr) {
      const char* reason = ::dlerror();
      refusal = loader_refusal(reason == nullptr ? "no reason given" : reason);
      return nullptr;
    }
    if (!same_file(handle, seen.identity)) {
      refusal = replaced;
      return nullptr;
    }
    if (observer != nullptr) observer("entry");
    const auto entry = reinterpret_cast<cp_entry_fn>(::dlsym(handle, CP_ENTRY_NAME));
    if (entry == nullptr) {
      refusal = {"CP-P09", fmt::format("it does not export {}", CP_ENTRY_NAME),
                 "use CARTPILOT_PROVIDER_PLUGIN or CARTPILOT_TOOLSET_PLUGIN once, or remove the "
                 "file if it is no plugin"};
      return nullptr;
    }
    module->plugin = entry(CP_EPOCH, CP_REVISION);
    if (module->plugin == nullptr) {
      refusal = {"CP-P10", fmt::format("it declined to work with plugin ABI epoch {}", CP_EPOCH),
                 "install a build of it for this cartpilot"};
      return nullptr;
    }
    refusal = accept(*module, seen.note, observer);
  } catch (...) {
    refusal = {"CP-P10", "an exception left it while it was loaded", kAskAuthor};
  }
  for (std::string& warning : state.leave()) module->warnings.push_back(std::move(warning));
  return refusal.code.empty() ? module : nullptr;
}

Refusal start_module(const Module& module, std::vector<std::string>& warnings) {
  Started& table = started();
  std::unique_lock<std::mutex> lock(table.mutex);
  Started::Entry& entry = table.plugins[module.plugin];  // map entries stay where they are
  table.changed.wait(lock, [&] { return !entry.busy; });
  if (entry.users > 0 || !CP_HAS(cp_plugin, module.plugin, init)) {
    ++entry.users;
    return {};
  }
  entry.busy = true;
  lock.unlock();

  Refusal refusal;
  HostStateScope state;
  {
    const CallTarget target{module.services, module.manifest.id, {}, {}};
    PluginCall call(target, "init", nullptr);
    const std::int32_t status = call.enter([&](const cp_call*, const cp_sink* sink) {
      return module.plugin->init(HostServices::table(), sink);
    });
    try {
      call.finish(status);
    } catch (const Error& error) {
      refusal = {"CP-P15", fmt::format("it failed to start: {}", error.what()), kAskAuthor};
    }
  }
  warnings = state.leave();
  lock.lock();
  entry.busy = false;
  if (refusal.code.empty()) ++entry.users;
  table.changed.notify_all();
  return refusal;
}

void stop_module(const Module& module) noexcept {
  Started& table = started();
  std::unique_lock<std::mutex> lock(table.mutex);
  Started::Entry& entry = table.plugins[module.plugin];
  table.changed.wait(lock, [&] { return !entry.busy; });
  if (entry.users == 0 || --entry.users > 0 || !CP_HAS(cp_plugin, module.plugin, shutdown)) return;
  entry.busy = true;
  lock.unlock();
  try {
    const PluginScope scope(module.services, module.manifest.id);
    module.plugin->shutdown();
  } catch (...) {
    module.services->log(3, module.manifest.id, "its shutdown threw an exception; ignored");
  }
  lock.lock();
  entry.busy = false;
  table.changed.notify_all();
}

}  // namespace cartpilot::plugin
