#include "plugin/host/plugins.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "plugin/host/discovery.h"
#include "plugin/host/registry.h"
#include "plugin/runtime/provider_proxy.h"
#include "plugin/runtime/tool_set_proxy.h"
#include "text/near_names.h"

namespace cartpilot::plugin {
namespace {

using Entry = PluginRegistry::Entry;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (!contains(names, name)) names.push_back(name);
}

/// "id:factory" or "factory"; what people pass to --provider.
struct ProviderName {
  std::string id;  ///< "" = any plugin
  std::string factory;

  explicit ProviderName(const std::string& text) : factory(text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) return;
    id = text.substr(0, colon);
    factory = text.substr(colon + 1);
  }
  bool fits(const PluginManifest& manifest) const {
    return (id.empty() || id == manifest.id) && contains(manifest.providers, factory);
  }
};

/// What a plugin may see of the environment: only what its manifest declares.
ProviderConfig config_for(const PluginManifest& manifest,
                          const std::map<std::string, std::string>& environment,
                          const std::map<std::string, std::string>& options) {
  ProviderConfig config;
  config.options = options;
  for (const std::string& name : manifest.environment) {
    const auto found = environment.find(name);
    if (found != environment.end()) config.environment.insert(*found);
  }
  return config;
}

std::string refusal_line(const PluginRecord& record) {
  return fmt::format("plugin refused ({}): {}: {}; {}", record.code, record.file.string(),
                     record.why, record.fix);
}

}  // namespace

DeclaredVariables declared_variables(const SearchOptions& search) {
  DeclaredVariables declared;
  for (const Candidate& candidate : discover(search, Surroundings::of_process()).candidates) {
    const PluginManifest manifest = examine_plugin(candidate.file).manifest;
    for (const std::string& name : manifest.environment) add_once(declared.all, name);
    for (const std::string& name : manifest.secrets) add_once(declared.secrets, name);
  }
  return declared;
}

struct PluginHost::Impl {
  Impl(const SearchOptions& search, HttpTransport& transport, HostServices::LogSink log)
      : services(HostServices::open(transport, std::move(log))),
        discovery(discover(search, Surroundings::of_process())),
        registry(std::move(discovery.candidates), search, services,
                 [this](const std::string& text) { add_notice(text); }) {}

  void add_notice(const std::string& text) {
    const std::lock_guard<std::mutex> lock(notices_mutex);
    add_once(discovery.notices, text);
  }

  /// The module of a slot that must work, or of what is used instead of it, or its refusal as an
  /// Error.
  std::shared_ptr<Module> load_or_throw(Entry& slot, const ProviderName& name) {
    registry.load(slot);
    const PluginRecord record = registry.record(slot);
    if (record.status == PluginStatus::kRefused) {
      Entry* const heir = registry.heir(slot);
      if (heir != nullptr && name.fits(heir->manifest)) return load_or_throw(*heir, name);
      Error error(ErrorCode::kUnsupported, refusal_line(record));
      error.reason = record.code;
      throw error;
    }
    if (record.status == PluginStatus::kDisabled) {
      throw Error(
          ErrorCode::kNotFound,
          fmt::format("plugin {} is {}; add it there or name its file", record.id, record.why));
    }
    return registry.module_of(slot);
  }

  /// The plugin whose file (or id) carries the name, loaded; null when there is none, or when it
  /// offers something else. Throws its refusal.
  std::shared_ptr<Module> load_by_file_name(const ProviderName& name) {
    const std::string& wanted = name.id.empty() ? name.factory : name.id;
    for (Entry* slot : registry.slots()) {
      if (slot->candidate.stem != wanted) continue;
      if (!slot->refused_unrun && !name.fits(slot->manifest)) return nullptr;
      return load_or_throw(*slot, name);
    }
    return nullptr;
  }

  /// All plugins that offer it, whatever their files are called; nothing is loaded.
  std::vector<Entry*> find_by_contents(const ProviderName& name) {
    std::vector<Entry*> found;
    for (Entry* slot : registry.slots()) {
      if (name.fits(slot->manifest) && registry.status(*slot) != PluginStatus::kShadowed &&
          registry.status(*slot) != PluginStatus::kDisabled) {
        found.push_back(slot);
      }
    }
    return found;
  }

  std::vector<std::string> provider_names() {
    std::vector<std::string> names;
    for (const Entry* slot : registry.slots()) {
      if (registry.status(*slot) != PluginStatus::kAvailable || slot->refused_unrun) continue;
      for (const std::string& provider : slot->manifest.providers) add_once(names, provider);
    }
    return names;
  }

  [[noreturn]] void not_found(const std::string& name) {
    const std::vector<std::string> known = provider_names();
    const std::vector<std::string> near = text::near_names(name, known);
    Error error(ErrorCode::kNotFound,
                fmt::format("there is no provider \"{}\"{}; available: {}", name,
                            near.empty() ? "" : fmt::format(" (did you mean {}?)", near.front()),
                            known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", "))));
    error.reason = "provider";
    throw error;
  }

  [[noreturn]] static void ambiguous(const std::string& name, const std::vector<Entry*>& slots) {
    std::vector<std::string> candidates;
    for (const Entry* slot : slots) candidates.push_back(slot->manifest.id + ":" + name);
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("several plugins offer the provider \"{}\"; write {}", name,
                            fmt::join(candidates, " or ")));
  }

  std::mutex notices_mutex;
  const std::shared_ptr<HostServices> services;
  Discovery discovery;
  PluginRegistry registry;
};

PluginHost::PluginHost(SearchOptions search, HttpTransport& transport, HostServices::LogSink log)
    : impl_(std::make_unique<Impl>(search, transport, std::move(log))) {}

PluginHost::~PluginHost() { impl_->services->close(); }

std::vector<PluginRecord> PluginHost::list() {
  std::vector<PluginRecord> records;
  for (const Entry* slot : impl_->registry.judged()) {
    records.push_back(impl_->registry.record(*slot));
  }
  return records;
}

std::vector<PluginRecord> PluginHost::inspect(const std::string& name, bool again) {
  std::vector<PluginRecord> records;
  for (Entry* slot : impl_->registry.judged()) {
    const PluginRecord seen = impl_->registry.record(*slot);
    if (!name.empty() && seen.id != name && slot->candidate.stem != name && seen.file != name) {
      continue;
    }
    impl_->registry.verify(*slot, again);
    records.push_back(impl_->registry.record(*slot));
  }
  return records;
}

const std::vector<SearchedDirectory>& PluginHost::directories() const {
  return impl_->discovery.directories;
}

std::vector<std::string> PluginHost::notices() const {
  const std::lock_guard<std::mutex> lock(impl_->notices_mutex);
  return impl_->discovery.notices;
}

std::vector<std::string> PluginHost::provider_names() { return impl_->provider_names(); }

std::unique_ptr<PluginProvider> PluginHost::make_provider(
    const std::string& name, const std::map<std::string, std::string>& environment,
    const std::map<std::string, std::string>& options) {
  const ProviderName wanted(name);
  std::shared_ptr<Module> module = impl_->load_by_file_name(wanted);
  if (module == nullptr) {
    const std::vector<Entry*> slots = impl_->find_by_contents(wanted);
    if (slots.empty()) impl_->not_found(name);
    std::vector<Entry*> usable;
    for (Entry* slot : slots) {
      if (impl_->registry.status(*slot) == PluginStatus::kAvailable) usable.push_back(slot);
    }
    if (usable.size() > 1) Impl::ambiguous(wanted.factory, usable);
    // Where none is usable, the first one says why.
    module = impl_->load_or_throw(usable.empty() ? *slots.front() : *usable.front(), wanted);
    if (module == nullptr) impl_->not_found(name);
  }
  const ProviderConfig config = config_for(module->manifest, environment, options);
  return std::make_unique<PluginProvider>(std::move(module), wanted.factory, config);
}

std::vector<PluginHost::NamedToolSet> PluginHost::make_tool_sets(
    const std::map<std::string, std::string>& environment) {
  std::vector<NamedToolSet> result;
  for (Entry* slot : impl_->registry.slots()) {
    if (slot->manifest.tool_sets.empty()) continue;
    impl_->registry.load(*slot);
    const PluginRecord record = impl_->registry.record(*slot);
    const bool replaced = impl_->registry.heir(*slot) != nullptr;
    if (record.status == PluginStatus::kRefused && !replaced) {
      impl_->add_notice(refusal_line(record));
    }
    const std::shared_ptr<Module> module = impl_->registry.module_of(*slot);
    if (module == nullptr) continue;
    for (const std::string& factory : module->manifest.tool_sets) {
      const std::string name = factory == record.id ? factory : record.id + ":" + factory;
      try {
        result.push_back({name, record.id,
                          std::make_unique<PluginToolSet>(
                              module, factory, config_for(module->manifest, environment, {}))});
      } catch (const Error& error) {
        impl_->add_notice(
            fmt::format("the tools of plugin {} are missing: {}", name, error.what()));
      }
    }
  }
  return result;
}

void PluginHost::shutdown() {
  impl_->registry.shutdown();
  impl_->services->close();
}

}  // namespace cartpilot::plugin
