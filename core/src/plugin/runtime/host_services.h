// HostServices: what plugins may ask of the host, a log and HTTP.
//
// A plugin is initialised once per process and then holds one host table for ever, while
// PluginHosts (tests make many) come and go. So the table is a constant of the process, and each
// call is routed to the PluginHost on whose behalf the plugin runs: the one that entered it on this
// thread (PluginScope), or, on a thread the plugin started itself, the newest open one. After
// close() no plugin code reaches the transport any more. All functions are thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "cartpilot/abi.h"
#include "cartpilot/http.h"

namespace cartpilot::plugin {

constexpr int kMaxLogLinesPerSecond = 100;

class HostServices : public std::enable_shared_from_this<HostServices> {
 public:
  /// level 0 debug .. 3 error; `source` is the plugin's id, "" when unknown; one line of text.
  using LogSink = std::function<void(int level, std::string_view source, std::string_view line)>;

  /// Opens services over a borrowed transport.
  static std::shared_ptr<HostServices> open(HttpTransport& transport, LogSink log);

  /// The table every plugin is given.
  static const cp_host* table();

  /// Ends running requests and waits for them; later ones get CP_UNAVAILABLE.
  void close();

  /// From a plugin. Failures are status and CP_EMIT_ERROR.
  std::int32_t send(const cp_call* call, cp_bytes request_json, cp_bytes body,
                    const cp_sink* out) noexcept;

  /// From a plugin, or about it. Bounded and made one printable line; more than
  /// kMaxLogLinesPerSecond of one source are dropped with a word.
  void log(int level, std::string_view source, std::string_view line) noexcept;

 private:
  HostServices(HttpTransport& transport, LogSink log);

  enum class LogVerdict { kPass, kSayDropping, kDrop };
  LogVerdict count_line(std::string_view source);

  /// Lines of one source in the second that runs.
  struct LogBudget {
    std::chrono::steady_clock::time_point begin;
    int lines = 0;
  };

  HttpTransport& transport_;
  const LogSink log_;
  std::atomic<bool> closed_{false};
  std::mutex mutex_;
  std::condition_variable idle_;
  std::size_t running_ = 0;
  std::mutex log_mutex_;
  std::map<std::string, LogBudget, std::less<>> log_budgets_;
};

/// Says on this thread which host and plugin the code that runs now belongs to. Nests.
class PluginScope {
 public:
  PluginScope(const std::shared_ptr<HostServices>& services, std::string_view plugin);
  ~PluginScope();
  PluginScope(const PluginScope&) = delete;
  PluginScope& operator=(const PluginScope&) = delete;

  HostServices* services() const { return services_; }
  std::string_view plugin() const { return plugin_; }

 private:
  HostServices* services_;
  std::string_view plugin_;
  const PluginScope* outer_;
};

}  // namespace cartpilot::plugin
