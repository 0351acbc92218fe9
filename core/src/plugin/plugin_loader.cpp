#include "plugin/plugin_loader.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <link.h>
#include <sys/stat.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include "cartpilot/error.h"
#include "plugin/plugin_call.h"
#include "plugin/stdout_guard.h"

namespace cartpilot::plugin {
namespace {

constexpr std::uint32_t kLargestStruct = 64 * 1024;  // beyond this a struct_size is garbage

const char* const kAskAuthor = "report it to the plugin's author";

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

/// Everything that can be judged by looking at the struct; runs nothing but query().
Refusal accept(Module& module) {
  // The first four fields are the same in every epoch; nothing else may be read before they fit.
  const cp_plugin* plugin = module.plugin;
  if (plugin->magic != CP_MAGIC) {
    return {"CP-P11", fmt::format("its plugin struct has the magic number {:#010x}", plugin->magic),
            kAskAuthor};
  }
  if (plugin->epoch != CP_EPOCH) {
    return {"CP-P07",
            fmt::format("built for plugin ABI epoch {}; this cartpilot speaks epoch {}",
                        plugin->epoch, CP_EPOCH),
            plugin->epoch > CP_EPOCH
                ? fmt::format("install a newer cartpilot, or a build of it for epoch {}", CP_EPOCH)
                : fmt::format("install a build of it for epoch {}", CP_EPOCH)};
  }
  if (plugin->struct_size < sizeof(cp_plugin) || plugin->struct_size > kLargestStruct) {
    return {"CP-P11", fmt::format("its plugin struct claims {} bytes", plugin->struct_size),
            kAskAuthor};
  }
  if (plugin->manifest.ptr == nullptr || plugin->manifest.len > kLargestStruct) {
    return {"CP-P12", "its manifest is missing or too large", kAskAuthor};
  }
  try {
    module.manifest =
        parse_manifest({plugin->manifest.ptr, static_cast<std::size_t>(plugin->manifest.len)});
  } catch (const Error& error) {
    return {"CP-P12", fmt::format("its manifest cannot be used: {}", error.what()), kAskAuthor};
  }
  const PluginManifest& manifest = module.manifest;
  if (manifest.epoch != CP_EPOCH) {
    return {
        "CP-P12",
        fmt::format("its manifest names epoch {}, its struct {}", manifest.epoch, plugin->epoch),
        kAskAuthor};
  }
  if (manifest.min_revision > static_cast<std::int64_t>(CP_REVISION)) {
    return {"CP-P13",
            fmt::format("it needs plugin ABI revision {}; this cartpilot has {}",
                        manifest.min_revision, CP_REVISION),
            "install a newer cartpilot"};
  }
  for (const std::string& service : manifest.needed_services) {
    if (service != CP_HOST_LOG && service != CP_HOST_HTTP) {
      return {"CP-P13", fmt::format("it needs the service {}, which this cartpilot lacks", service),
              "install a newer cartpilot"};
    }
  }
  return read_interfaces(module);
}

/// True when what the dynamic loader mapped is the file that was examined.
bool same_file(void* handle, const FileIdentity& identity) {
  link_map* map = nullptr;
  struct stat status {};
  if (::dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || map == nullptr || map->l_name == nullptr ||
      ::stat(map->l_name, &status) != 0) {
    return false;
  }
  return status.st_dev == identity.device && status.st_ino == identity.inode;
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
                                         std::shared_ptr<HostServices> services, Refusal& refusal) {
  FileIdentity identity;
  refusal = examine_file(file, identity);
  if (!refusal.code.empty()) return nullptr;
  std::error_code error;
  const std::filesystem::path path = std::filesystem::canonical(file, error);
  if (error) {
    refusal = {"CP-P01", fmt::format("its path cannot be resolved: {}", error.message()),
               "check the path"};
    return nullptr;
  }

  auto module = std::make_shared<Module>();
  module->file = file;
  module->services = std::move(services);
  const StdoutGuard guard;
  const PluginScope scope(module->services, "");
  try {
    void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == nullptr) {
      const char* reason = ::dlerror();
      refusal = {"CP-P08",
                 fmt::format("the dynamic loader refused it: {}",
                             reason == nullptr ? "no reason given" : reason),
                 "install the missing library, or link the plugin with -Wl,-z,defs to find out "
                 "what it lacks"};
      return nullptr;
    }
    if (!same_file(handle, identity)) {
      refusal = {"CP-P17", "the file was replaced while it was loaded", "start again"};
      return nullptr;
    }
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
    refusal = accept(*module);
  } catch (...) {
    refusal = {"CP-P10", "an exception left it while it was loaded", kAskAuthor};
  }
  return refusal.code.empty() ? module : nullptr;
}

std::shared_ptr<Module> open_linked_plugin(const cp_plugin* plugin,
                                           std::shared_ptr<HostServices> services,
                                           Refusal& refusal) {
  if (plugin == nullptr) {
    refusal = {"CP-P10", "there is no plugin struct", "pass the struct of the plugin"};
    return nullptr;
  }
  auto module = std::make_shared<Module>();
  module->plugin = plugin;
  module->services = std::move(services);
  refusal = accept(*module);
  return refusal.code.empty() ? module : nullptr;
}

Refusal start_module(const Module& module) {
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
  {
    const StdoutGuard guard;
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
