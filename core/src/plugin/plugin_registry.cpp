#include "plugin/plugin_registry.h"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "cartpilot/error.h"

namespace cartpilot::plugin {
namespace {

std::string place_of(const PluginRegistry::Slot& slot) {
  return slot.linked ? "the built-in plugin" : slot.candidate.file.string();
}

void refuse(PluginRegistry::Slot& slot, Refusal refusal) {
  slot.status = PluginStatus::kRefused;
  slot.refusal = std::move(refusal);
}

void shadow(PluginRegistry::Slot& slot, const std::string& by) {
  slot.status = PluginStatus::kShadowed;
  slot.refusal = {"", fmt::format("shadowed by {}", by), ""};
}

}  // namespace

PluginRegistry::PluginRegistry(std::vector<Candidate> candidates,
                               std::shared_ptr<HostServices> services)
    : services_(std::move(services)) {
  for (Candidate& candidate : candidates) {
    auto slot = std::make_unique<Slot>();
    slot->candidate = std::move(candidate);
    slots_.push_back(std::move(slot));
  }
}

void PluginRegistry::add_linked(const cp_plugin* plugin) {
  Refusal refusal;
  auto slot = std::make_unique<Slot>();
  slot->linked = true;
  slot->module = open_linked_plugin(plugin, services_, refusal);
  if (slot->module == nullptr) {
    Error error(ErrorCode::kUnsupported,
                fmt::format("plugin refused ({}): {}; {}", refusal.code, refusal.why, refusal.fix));
    error.reason = refusal.code;
    throw error;
  }
  slot->candidate.stem = slot->module->manifest.id;
  const std::lock_guard<std::mutex> lock(mutex_);
  auto place = slots_.begin();
  for (; place != slots_.end() && (*place)->linked; ++place) {
    if ((*place)->candidate.stem == slot->candidate.stem) {
      Error error(
          ErrorCode::kInvalidArgument,
          fmt::format("a built-in plugin \"{}\" is registered already", slot->candidate.stem));
      error.reason = "CP-P16";
      throw error;
    }
  }
  slots_.insert(place, std::move(slot));
}

std::vector<PluginRegistry::Slot*> PluginRegistry::slots() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Slot*> result;
  for (const auto& slot : slots_) result.push_back(slot.get());
  return result;
}

void PluginRegistry::load(Slot& slot) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (slot.state == Slot::State::kLoading && slot.loader == std::this_thread::get_id()) {
    throw Error(ErrorCode::kUnsupported, "a plugin asked for itself while it was being loaded");
  }
  changed_.wait(lock, [&] { return slot.state != Slot::State::kLoading; });
  if (slot.state == Slot::State::kDone) return;
  if (closed_) throw Error(ErrorCode::kUnavailable, "the plugin host is shut down");
  if (!decided_unseen(slot)) {
    slot.state = Slot::State::kLoading;
    slot.loader = std::this_thread::get_id();
    try {
      run_load(slot, lock);
    } catch (const std::exception& error) {
      if (!lock.owns_lock()) lock.lock();
      refuse(slot, {"CP-P08", fmt::format("loading it failed: {}", error.what()), "start again"});
    }
  }
  slot.state = Slot::State::kDone;
  changed_.notify_all();
}

/// Runs plugin code without the lock.
void PluginRegistry::run_load(Slot& slot, std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  Refusal refusal;
  std::shared_ptr<Module> module = slot.module;
  if (!slot.linked) module = open_plugin_file(slot.candidate.file, services_, refusal);
  lock.lock();
  slot.module = module;
  if (module == nullptr) {
    refuse(slot, std::move(refusal));
    return;
  }
  settle_id(slot);
  if (slot.status != PluginStatus::kAvailable) return;

  lock.unlock();
  refusal = start_module(*module);
  lock.lock();
  if (!refusal.code.empty()) {
    if (slot.status == PluginStatus::kAvailable) refuse(slot, std::move(refusal));
    return;
  }
  started_.push_back(module);
}

/// Rules that need no look into the file.
bool PluginRegistry::decided_unseen(Slot& slot) const {
  if (slot.linked) return false;
  if (!slot.candidate.allowed) {
    slot.status = PluginStatus::kDisabled;
    slot.refusal = {"", "left out by CARTPILOT_PLUGINS", ""};
    return true;
  }
  if (!slot.candidate.shadowed_by.empty()) {
    shadow(slot, slot.candidate.shadowed_by.string());
    return true;
  }
  for (const auto& other : slots_) {
    if (other->linked && other->candidate.stem == slot.candidate.stem) {
      shadow(slot, place_of(*other));
      return true;
    }
  }
  return false;
}

/// One id, one plugin: the earlier place wins; two in one directory are both refused, because the
/// order of file names is nobody's choice.
void PluginRegistry::settle_id(Slot& slot) {
  bool other_is_earlier = true;
  for (const auto& other : slots_) {
    if (other.get() == &slot) {
      other_is_earlier = false;
      continue;
    }
    if (other->module == nullptr || other->module->manifest.id != slot.module->manifest.id)
      continue;
    if (!slot.linked && !other->linked && other->candidate.directory == slot.candidate.directory) {
      const auto ambiguous = [](const Slot& with) {
        return Refusal{"CP-P16",
                       fmt::format("{} in the same directory has the same id",
                                   with.candidate.file.filename().string()),
                       "remove one of the two files"};
      };
      refuse(slot, ambiguous(*other));
      refuse(*other, ambiguous(slot));
    } else if (other_is_earlier) {
      if (other->status == PluginStatus::kAvailable && slot.status == PluginStatus::kAvailable) {
        shadow(slot, place_of(*other));
      }
    } else if (other->status == PluginStatus::kAvailable &&
               slot.status == PluginStatus::kAvailable) {
      shadow(*other, place_of(slot));
    }
  }
}

PluginRecord PluginRegistry::record(const Slot& slot) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  PluginRecord record;
  record.file = slot.candidate.file;
  record.id = slot.candidate.stem;
  record.status = slot.status;
  record.code = slot.refusal.code;
  record.why = slot.refusal.why;
  record.fix = slot.refusal.fix;
  if (slot.module != nullptr) {
    const PluginManifest& manifest = slot.module->manifest;
    record.id = manifest.id;
    record.version = manifest.version;
    record.providers = manifest.providers;
    record.tool_sets = manifest.tool_sets;
    record.environment = manifest.environment;
  }
  return record;
}

std::shared_ptr<Module> PluginRegistry::module_of(const Slot& slot) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool usable =
      slot.state == Slot::State::kDone && slot.status == PluginStatus::kAvailable && !closed_;
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
