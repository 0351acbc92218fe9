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

void shadow(Entry& slot, const std::string& by) {
  slot.status = PluginStatus::kShadowed;
  slot.refusal = {"", fmt::format("shadowed by {}", by), ""};
}

Refusal ambiguous(const Entry& with) {
  return {"CP-P16",
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

/// One name and one id, one plugin: the earlier place wins. Lock held.
void PluginRegistry::resolve_conflicts() {
  std::unordered_map<std::string, Entry*> first_with_id;
  for (const auto& slot : slots_) {
    if (slot->state != Entry::State::kNew) continue;
    if (!slot->candidate.allowed) {
      slot->status = PluginStatus::kDisabled;
      slot->refusal = {"", "left out by CARTPILOT_PLUGINS", ""};
      continue;
    }
    if (!slot->candidate.shadowed_by.empty()) {
      shadow(*slot, slot->candidate.shadowed_by);
      continue;
    }
    if (slot->manifest.id.empty()) continue;
    const auto [earlier, is_new] = first_with_id.try_emplace(slot->manifest.id, slot.get());
    if (is_new) continue;
    Entry& other = *earlier->second;
    // Two files of one directory with one id: their order is nobody's choice.
    if (other.candidate.directory == slot->candidate.directory) {
      refuse(*slot, ambiguous(other));
      if (other.status == PluginStatus::kAvailable) refuse(other, ambiguous(*slot));
    } else {
      shadow(*slot, other.candidate.file);
    }
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
  if (verdict->refusal) refuse(slot, verdict->refusal);
}

void PluginRegistry::load(Entry& slot) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (slot.state == Entry::State::kLoading && slot.loader == std::this_thread::get_id()) {
    throw Error(ErrorCode::kUnsupported, "a plugin asked for itself while it was being loaded");
  }
  changed_.wait(lock, [&] { return slot.state != Entry::State::kLoading; });
  if (slot.state == Entry::State::kDone) return;
  if (closed_) throw Error(ErrorCode::kUnavailable, "the plugin host is shut down");
  if (slot.status == PluginStatus::kAvailable) {
    slot.state = Entry::State::kLoading;
    slot.loader = std::this_thread::get_id();
    try {
      run_load(slot, lock);
    } catch (const std::exception& error) {
      if (!lock.owns_lock()) lock.lock();
      refuse(slot, {"CP-P08", fmt::format("loading it failed: {}", error.what()), "start again"});
    }
  }
  slot.state = Entry::State::kDone;
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
    notice_(fmt::format("plugin {}: {}",
                        slot.manifest.id.empty() ? slot.candidate.stem : slot.manifest.id,
                        warning));
  }
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
