// PluginCall: one call into a plugin, seen from the host.
//
// Lends the plugin a cp_sink and a cp_call, collects what it emits within limits, and turns the
// outcome into a result or an Error that names the plugin. What the plugin is lent survives the
// call for a long time, so that a plugin that emits too late, or from another thread, is ignored
// instead of writing into freed memory. One thread; construct, enter() the plugin, then finish()
// once.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cartpilot/abi.h"
#include "cartpilot/detail/secret_scrub.h"
#include "cartpilot/error.h"
#include "cartpilot/http.h"
#include "plugin/runtime/host_services.h"
#include "plugin/runtime/running_calls.h"

namespace cartpilot::plugin {

/// Bounds of what one call may emit.
struct CallTimeouts {
  std::size_t result_bytes = 64U << 20;
  std::size_t delta_bytes = 16U << 20;
  std::size_t deltas = 1'000'000;
};

/// Who is called, for messages and routing.
struct CallTarget {
  std::shared_ptr<HostServices> services;
  std::string plugin;  ///< id
  SecretScrub scrub;
  CallTimeouts limits;
};

/// Runs `body`, which reads `what` from a plugin's text; what cannot be read is the plugin's fault.
template <class Body>
auto decode(const CallTarget& target, const std::string& what, Body&& body) {
  try {
    return body();
  } catch (const Error& error) {
    throw Error(ErrorCode::kProtocol,
                fmt::format("{} of plugin {} is unusable: {}", what, target.plugin, error.what()));
  }
}

class PluginCall {
 public:
  /// Receives the JSON text of each delta; what it throws ends the call and leaves finish().
  using DeltaHandler = std::function<void(std::string_view)>;

  /// `what` names the call ("chat"). `context` may be null; everything outlives the call.
  PluginCall(const CallTarget& target, std::string what, const CallContext* context,
             DeltaHandler on_delta = nullptr);
  ~PluginCall();
  PluginCall(const PluginCall&) = delete;
  PluginCall& operator=(const PluginCall&) = delete;

  /// Runs `function(const cp_call*, const cp_sink*)`, which calls the plugin, and returns what it
  /// returns. An exception out of it is a broken rule; then the answer is `failure`.
  template <class Function, class Answer>
  Answer enter(Function&& function, Answer failure) {
    try {
      return function(call(), sink());
    } catch (...) {
      break_rule("it let an exception escape");
      return failure;
    }
  }
  template <class Function>
  std::int32_t enter(Function&& function) {
    return enter(std::forward<Function>(function), std::int32_t{CP_INTERNAL});
  }

  /// Calls the plugin for a result, which is a must.
  template <class Function>
  std::string result_of(Function&& function) {
    return finish_with_result(enter(std::forward<Function>(function)));
  }

  /// The emitted result, if any. Throws what a DeltaHandler threw, the plugin's own error, or
  /// Error{kProtocol} when the plugin broke the rules.
  std::optional<std::string> finish(std::int32_t status);

  /// The Error of a create() that returned null.
  Error creation_error();

 private:
  struct Slot;
  class SlotPool;

  const cp_sink* sink() const;
  const cp_call* call() const;
  std::int32_t take(std::int32_t kind, std::string_view payload);
  void break_rule(const std::string& rule);
  std::string name() const;
  [[noreturn]] void fail(const std::string& why) const;
  Error cleaned(const Error& error) const;
  void end();
  std::string finish_with_result(std::int32_t status);

  const CallTarget& target_;
  const std::string what_;
  const DeltaHandler on_delta_;
  Slot* slot_;
  PluginScope scope_;
  const RunningCall running_;
  std::optional<std::string> result_;
  std::optional<std::string> error_;
  std::string broken_rule_;
  std::exception_ptr thrown_;
  std::size_t deltas_ = 0;
};

}  // namespace cartpilot::plugin
