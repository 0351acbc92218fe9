// PluginRegistry: the plugins a host knows, each loaded at most once, in search order.
//
// Decides what is available, refused, shadowed or disabled. Of files with one name or one id the
// first is used that is not refused, whether that is known at once or only after a try; a file that
// the person named is never replaced by another. The registry owns the modules and holds no lock
// while plugin code runs; threads that want the same plugin wait for the first of them.
// Thread-safe.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "plugin/host/discovery.h"
#include "plugin/host/examination.h"
#include "plugin/host/plugins.h"
#include "plugin/host/verifier.h"
#include "plugin/runtime/loader.h"

namespace cartpilot::plugin {

class PluginRegistry {
 public:
  /// One plugin. Its address stays valid as long as the registry.
  struct Entry {
    Candidate candidate;

    // What the file offered when the registry first read it. Constant after slots().
    PluginManifest manifest;     ///< id is "" when it could not be read
    bool refused_unrun = false;  ///< the file was refused without running it

    // The rest belongs to the registry; read it through record(), status() and module_of().
    enum class State { kNew, kLoading, kDone } state = State::kNew;
    std::thread::id loader;
    std::shared_ptr<Module> module;
    PluginStatus status = PluginStatus::kAvailable;
    Refusal refusal;
    Examination seen;
    bool tried = false;
    std::vector<std::string> warnings;
    Entry* shadowed_by = nullptr;
    Entry* heir = nullptr;        ///< is used because this one is refused
    Entry* instead_of = nullptr;  ///< the refused one whose heir this is
  };

  /// `notice` is called for what a person should read.
  PluginRegistry(std::vector<Candidate> candidates, const SearchOptions& search,
                 std::shared_ptr<HostServices> services,
                 std::function<void(const std::string&)> notice);

  /// All slots in search order; what each offers and which one wins is known.
  std::vector<Entry*> slots();

  /// The same, with everything that can be said against each file without running it.
  std::vector<Entry*> judged();

  /// Tries a judged plugin in a child.
  void verify(Entry& slot, bool again);

  /// Loads and starts the plugin unless that was done, or decided against. Problems are the
  /// record's. Throws Error{kUnsupported} when a plugin calls this while it is being loaded, and
  /// Error{kUnavailable} after shutdown().
  void load(Entry& slot);

  PluginRecord record(const Entry& slot) const;
  PluginStatus status(const Entry& slot) const;

  /// The module of an available plugin that was loaded; null otherwise.
  std::shared_ptr<Module> module_of(const Entry& slot) const;

  /// What is used because `slot` is refused; null when nothing is.
  Entry* heir(const Entry& slot) const;

  /// Shuts down what was started, newest first, except modules that are still in use.
  void shutdown();

 private:
  void scan();
  void resolve_conflicts();
  void apply_verdict(Entry& slot);
  bool gives_way(Entry& earlier, Entry& slot);
  void release_shadowed(Entry& refused);
  void tell_what_it_replaces(const Entry& slot);
  void run_load(Entry& slot, std::unique_lock<std::mutex>& lock);
  void take_warnings(Entry& slot, const std::vector<std::string>& warnings);

  const std::shared_ptr<HostServices> services_;
  const std::function<void(const std::string&)> notice_;
  PluginVerifier verifier_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Entry>> slots_;
  std::vector<std::shared_ptr<Module>> started_;  // in order of their start
  bool scanned_ = false;
  bool closed_ = false;
};

}  // namespace cartpilot::plugin
