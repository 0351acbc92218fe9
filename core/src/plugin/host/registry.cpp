#include "plugin/host/registry.h"

#include <fmt/format.h>

#include <exception>
#include <unordered_map>
#include <utility>

#include "cartpilot/error.h"

namespace cartpilot::plugin {
namespace {

using Entry = PluginRegistry::Entry;

void refuse(Entry& slot, Refusal refusal) {
  slot.status = PluginStatus::kRefused;
  slot.refusal = std::move(refusal);
}

void shadow(Entry& slot, Entry& by) {
  slot.status = PluginStatus::kShadowed;
  slot.refusal = {"", fmt::format("shadowed by {}", by.candidate.file), ""};
  slot.shadowed_by = &by;
}

void put_in_place_of(Entry& refused, Entry& slot) {
  slot.status = PluginStatus::kAvailable;
  slot.refusal = {};
  slot.shadowed_by = nullptr;
  slot.instead_of = &refused;
  refused.heir = &slot;
}

using Holders = std::unordered_map<std::string, Entry*>;

Entry* holder(const Holders& holders, const std::string& name) {
  const auto found = holders.find(name);
  return found == holders.end() ? nullptr : found->second;
}

std::string name_of(const Entry& slot) {
  return slot.manifest.id.empty() ? slot.candidate.stem : slot.manifest.id;
}

constexpr const char* kTwoWithOneId = "CP-P16";

Refusal ambiguous(const Entry& with) {
  return {kTwoWithOneId,
          fmt::format("{} in the same directory has the same id",
                      std::filesystem::path(with.candidate.file).filename().string()),
          "remove one of the two files"};
}

}  // namespace

PluginRegistry::PluginRegistry(std::vector<Candidate> candidates, const SearchOptions& search,
                               std::shared_ptr<HostServices> services,
                               std::function<void(const std::string&)> notice)
    : services_(std::move(services)), notice_(std::move(notice)), verifier_(search, notice_) {
  slots_.reserve(candidates.size());
  for (Candidate& candidate : candidates) {
    auto slot = std::make_unique<Entry>();
    slot->candidate = std::move(candidate);
    slots_.push_back(std::move(slot));
  }
}

/// Reads what each file offers, once, without running any of it. Lock held.
void PluginRegistry::scan() {
  if (scanned_) return;
  for (const auto& slot : slots_) {
    slot->seen = examine_plugin(slot->candidate.file);
    slot->manifest = slot->seen.manifest;
    slot->refused_unrun = static_cast<bool>(slot->seen.refusal);
  }
  resolve_conflicts();
  scanned_ = true;
}

/// Whether `slot` is used although `earlier` has its name or id. Lock held.
bool PluginRegistry::gives_way(Entry& earlier, Entry& slot) {
  if (earlier.candidate.named) return false;
  apply_verdict(earlier);
  if (earlier.status != PluginStatus::kRefused) return false;
  const bool same_folder = earlier.candidate.directory == slot.candidate.directory;
  if (same_folder && earlier.refusal.code == kTwoWithOneId) return false;
  apply_verdict(slot);
  return slot.status == PluginStatus::kAvailable;
}

/// One name and one id, one plugin: the earlier place wins, unless its file is refused. Lock held.
void PluginRegistry::resolve_conflicts() {
  Holders with_stem;
  Holders with_id;  // only of files whose id is known
  for (const auto& slot : slots_) {
    if (!slot->candidate.allowed) {
      slot->status = PluginStatus::kDisabled;
      slot->refusal = {"", "left out by CARTPILOT_PLUGINS", ""};
      continue;
    }
    const std::string& id = slot->manifest.id;
    std::vector<Entry*> refused;
    Entry* rival = nullptr;
    for (Entry* earlier : {holder(with_stem, slot->candidate.stem), holder(with_id, id)}) {
      if (earlier == nullptr || rival != nullptr) continue;
      if (gives_way(*earlier, *slot)) {
        refused.push_back(earlier);
      } else {
        rival = earlier;
      }
    }
    if (rival != nullptr && rival->candidate.directory == slot->candidate.directory) {
      // Two files of one directory with one id: their order is nobody's choice.
      if (slot->status == PluginStatus::kAvailable) refuse(*slot, ambiguous(*rival));
      if (rival->status == PluginStatus::kAvailable) refuse(*rival, ambiguous(*slot));
    } else if (rival != nullptr) {
      shadow(*slot, *rival);
    } else {
      for (Entry* earlier : refused) put_in_place_of(*earlier, *slot);
      with_stem[slot->candidate.stem] = slot.get();
      if (!id.empty()) with_id[id] = slot.get();
    }
  }
}

/// After a try: the next file of the same name that is not refused. Lock held.
void PluginRegistry::release_shadowed(Entry& refused) {
  if (refused.status != PluginStatus::kRefused || refused.candidate.named) return;
  for (const auto& slot : slots_) {
    if (slot->shadowed_by != &refused) continue;
    if (refused.heir != nullptr) {
      shadow(*slot, *refused.heir);
      continue;
    }
    put_in_place_of(refused, *slot);
    apply_verdict(*slot);
    if (slot->status != PluginStatus::kAvailable) refused.heir = nullptr;
  }
}

/// Lock held.
void PluginRegistry::tell_what_it_replaces(const Entry& slot) {
  if (slot.instead_of != nullptr) {
    const Entry& refused = *slot.instead_of;
    notice_(fmt::format("plugin {}: {} is used, because {} is refused ({}: {}; {})", name_of(slot),
                        slot.candidate.file, refused.candidate.file, refused.refusal.code,
                        refused.refusal.why, refused.refusal.fix));
  }
  if (slot.candidate.built_in) return;
  for (const auto& other : slots_) {
    if (other->shadowed_by != &slot || !other->candidate.built_in) continue;
    notice_(fmt::format("plugin {}: {} is used instead of the one that came with cartpilot",
                        name_of(slot), slot.candidate.file));
    return;
  }
}

std::vector<Entry*> PluginRegistry::slots() {
  const std::lock_guard<std::mutex> lock(mutex_);
  scan();
  std::vector<Entry*> result;
  result.reserve(slots_.size());
  for (const auto& slot : slots_) result.push_back(slot.get());
  return result;
}

std::vector<Entry*> PluginRegistry::judged() {
  std::vector<Entry*> result = slots();
  const std::lock_guard<std::mutex> lock(mutex_);
  for (Entry* slot : result) apply_verdict(*slot);
  return result;
}

/// What can be said against a file without running it. Lock held.
void PluginRegistry::apply_verdict(Entry& slot) {
  if (slot.status != PluginStatus::kAvailable || slot.state != Entry::State::kNew) return;
  if (Refusal refusal = slot.seen.refusal) {
    refuse(slot, std::move(refusal));
  } else if (Refusal path = verifier_.judge_path(slot.candidate)) {
    refuse(slot, std::move(path));
  } else if (const auto known = verifier_.known_verdict(slot.candidate, slot.seen)) {
    slot.tried = true;
    slot.warnings = known->warnings;
    if (known->refusal) refuse(slot, known->refusal);
  }
}

void PluginRegistry::verify(Entry& slot, bool again) {
  Examination seen;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (slot.seen.refusal || (slot.tried && !again)) return;
    // A verdict of an earlier try may be given again; every other decision stands.
    if (slot.status != PluginStatus::kAvailable && !slot.tried) return;
    seen = slot.seen;
  }
  const auto verdict = verifier_.try_in_child(slot.candidate, seen, again);
  if (!verdict) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  slot.tried = true;
  slot.warnings = verdict->warnings;
  slot.status = PluginStatus::kAvailable;
  slot.refusal = {};
  if (verdict->refusal) {
    refuse(slot, verdict->refusal);
    release_shadowed(slot);
  } else if (slot.heir != nullptr) {
    shadow(*slot.heir, slot);
    slot.heir = nullptr;
  }
}

void PluginRegistry::load(Entry& slot) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (slot.state == Entry::State::kLoading && slot.loader == std::this_thread::get_id()) {
    throw Error(ErrorCode::kUnsupported, "a plugin asked for itself while it was being loaded");
  }
  changed_.wait(lock, [&] { return slot.state != Entry::State::kLoading; });
  if (slot.state == Entry::State::kDone) return;
  if (closed_) throw Error(ErrorCode::kUnavailable, "the plugin host is shut down");
  // A shadowed one may be needed later.
  if (slot.status != PluginStatus::kAvailable) return;
  slot.state = Entry::State::kLoading;
  slot.loader = std::this_thread::get_id();
  try {
    run_load(slot, lock);
  } catch (const std::exception& error) {
    if (!lock.owns_lock()) lock.lock();
    refuse(slot, {"CP-P08", fmt::format("loading it failed: {}", error.what()), "start again"});
  }
  slot.state = Entry::State::kDone;
  release_shadowed(slot);
  if (slot.status == PluginStatus::kAvailable) tell_what_it_replaces(slot);
  changed_.notify_all();
}

/// Runs plugin code without the lock.
void PluginRegistry::run_load(Entry& slot, std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  std::shared_ptr<Module> module;
  std::vector<std::string> warnings;
  Examination seen = examine_plugin(slot.candidate.file);
  Refusal refusal = seen.refusal;
  if (!refusal) refusal = verifier_.judge_path(slot.candidate);
  if (!refusal) {
    if (const auto verdict = verifier_.try_in_child(slot.candidate, seen, false)) {
      refusal = verdict->refusal;
    }
  }
  if (!refusal) module = open_examined(slot.candidate.file, seen, services_, refusal);
  if (module != nullptr) refusal = start_module(*module, warnings);
  lock.lock();
  slot.seen = std::move(seen);
  slot.module = module;
  slot.tried = module != nullptr;
  if (module != nullptr) take_warnings(slot, module->warnings);
  take_warnings(slot, warnings);
  if (refusal) {
    refuse(slot, std::move(refusal));
  } else {
    started_.push_back(module);
  }
}

/// Lock held.
void PluginRegistry::take_warnings(Entry& slot, const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) {
    slot.warnings.push_back(warning);
    notice_(fmt::format("plugin {}: {}", name_of(slot), warning));
  }
}

Entry* PluginRegistry::heir(const Entry& slot) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return slot.heir;
}

PluginStatus PluginRegistry::status(const Entry& slot) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return slot.status;
}

PluginRecord PluginRegistry::record(const Entry& slot) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  PluginRecord record;
  record.file = slot.candidate.file;
  std::error_code error;
  if (std::filesystem::is_symlink(slot.candidate.file, error)) {
    record.target = std::filesystem::read_symlink(slot.candidate.file, error);
  }
  record.id = slot.candidate.stem;
  record.status = slot.status;
  record.code = slot.refusal.code;
  record.why = slot.refusal.why;
  record.fix = slot.refusal.fix;
  record.tried = slot.tried;
  record.warnings = slot.warnings;
  const PluginManifest* manifest =
      slot.module != nullptr ? &slot.module->manifest : &slot.seen.manifest;
  if (!manifest->id.empty()) {
    record.id = manifest->id;
    record.version = manifest->version;
    record.providers = manifest->providers;
    record.tool_sets = manifest->tool_sets;
    record.environment = manifest->environment;
    record.secrets = manifest->secrets;
    record.title = manifest->title;
    record.license = manifest->license;
    record.homepage = manifest->homepage;
    record.abi_epoch = manifest->epoch;
    record.abi_revision = manifest->min_revision;
    record.build = manifest->build;
  }
  return record;
}

std::shared_ptr<Module> PluginRegistry::module_of(const Entry& slot) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool usable =
      slot.state == Entry::State::kDone && slot.status == PluginStatus::kAvailable && !closed_;
  return usable ? slot.module : nullptr;
}

void PluginRegistry::shutdown() {
  std::vector<std::shared_ptr<Module>> started;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    started.swap(started_);
  }
  for (auto module = started.rbegin(); module != started.rend(); ++module) {
    if ((*module)->instances.load() > 0) {
      services_->log(2, (*module)->manifest.id, "still in use at shutdown; left running");
      continue;
    }
    stop_module(**module);
  }
}

}  // namespace cartpilot::plugin
