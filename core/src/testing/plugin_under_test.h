// PluginUnderTest: a loaded plugin, called through the C boundary with every rule of it watched.
//
// Made inside a check's child process. What the plugin is lent (sinks, calls) is never freed, so
// that a plugin that speaks too late is noticed instead of crashing the check. Calls may come from
// several threads at once as far as the contract allows it; everything else is one thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "cartpilot/abi.h"
#include "cartpilot/json.h"
#include "cartpilot/testing/fake_host.h"

namespace cartpilot::testing {

/// What a call did, as the host sees it.
struct CallOutcome {
  std::int32_t status = CP_OK;
  std::vector<std::string> results;
  std::vector<std::string> errors;
  std::vector<std::string> deltas;
  std::size_t emitted_after_stop = 0;
  bool threw = false;

  bool ok() const { return status == CP_OK && errors.empty() && !threw; }
  /// "status 7 (unavailable): no route", for messages.
  std::string description() const;
  /// The emitted error, or one of the status alone.
  Error error() const;
};

/// One sink and one cp_call, lent to the plugin for one call.
class Line {
 public:
  Line();

  const cp_sink* sink() const { return &sink_; }
  const cp_call* call() const { return &call_; }

  std::atomic<bool> cancelled{false};
  std::size_t stop_after_deltas = SIZE_MAX;   ///< then emit() answers "stop"
  std::function<void(std::size_t)> on_delta;  ///< number of deltas so far
  void set_deadline(std::int64_t unix_ms) { call_.deadline_unix_ms = unix_ms; }

  /// Calls the plugin; catches what must not come out.
  CallOutcome run(const std::function<std::int32_t(const cp_call*, const cp_sink*)>& function);

  std::size_t late_emissions() const { return late_; }
  std::size_t foreign_emissions() const { return foreign_; }

 private:
  static std::int32_t emit(void* self, std::int32_t kind, cp_bytes payload) noexcept;
  static std::int32_t is_cancelled(void* self) noexcept;

  cp_sink sink_;
  cp_call call_;
  std::mutex mutex_;
  bool open_ = false;
  bool told_to_stop_ = false;
  std::thread::id thread_;
  CallOutcome outcome_;
  std::atomic<std::size_t> late_{0};
  std::atomic<std::size_t> foreign_{0};
};

/// A line that lives until the process ends.
Line& new_line();

enum class Interface { kProvider, kToolSet };

class PluginUnderTest;

/// An object of the plugin. Destroying it is the check's business (destroy()), not C++'s.
class Instance {
 public:
  Instance(const PluginUnderTest& plugin, Interface interface, void* self)
      : plugin_(&plugin), interface_(interface), self_(self) {}
  void* self() const { return self_; }
  void destroy();

  CallOutcome chat(std::string_view request, Line& line = new_line()) const;
  CallOutcome models(Line& line = new_line()) const;
  CallOutcome info() const;
  CallOutcome check() const;
  CallOutcome function_declarations(std::string_view tools) const;
  CallOutcome parse_function_calls(std::string_view message) const;
  CallOutcome function_responses(std::string_view results) const;
  CallOutcome list(Line& line = new_line()) const;
  CallOutcome call(std::string_view tool, std::string_view arguments,
                   Line& line = new_line()) const;

 private:
  template <class Function, class... Arguments>
  CallOutcome ask(Line& line, const char* what, Function function, Arguments... arguments) const;
  template <class Function, class... Arguments>
  CallOutcome call_in(Line& line, const char* what, Function function,
                      Arguments... arguments) const;

  const PluginUnderTest* plugin_;
  Interface interface_;
  void* self_;
};

class PluginUnderTest {
 public:
  /// dlopen and entry, no init. Throws Error{kProtocol} with what went wrong.
  explicit PluginUnderTest(const std::string& file);

  /// Calls init, if there is one.
  CallOutcome init(const FakeHost& host);
  void shutdown();

  const cp_plugin& plugin() const { return *plugin_; }
  void* handle() const { return handle_; }
  const Json& manifest() const { return manifest_; }

  /// The manifest's word for it, and the table. Missing functions of it are null.
  bool declares(Interface interface) const { return !factories(interface).empty(); }
  std::vector<std::string> factories(Interface interface) const;
  const cp_provider_v1& provider() const { return provider_; }
  const cp_toolset_v1& tool_set() const { return tool_set_; }

  /// The raw outcome of create(); `self` is null when it failed.
  CallOutcome create(Interface interface, std::string_view factory, std::string_view config,
                     void*& self) const;
  /// An object of the first factory; fails the check when there is none.
  Instance make(Interface interface, const std::string& config) const;
  /// The interface most checks use: the provider, else the tool set.
  Interface main_interface() const;

 private:
  void* handle_ = nullptr;
  const cp_plugin* plugin_ = nullptr;
  Json manifest_;
  cp_provider_v1 provider_{};
  cp_toolset_v1 tool_set_{};
};

using EntryFunction = cp_entry_fn;

/// The plugin's entry function, or null.
EntryFunction find_entry(void* handle);

}  // namespace cartpilot::testing
