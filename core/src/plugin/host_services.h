// HostServices: what plugins may ask of the host, a log and HTTP.
//
// A plugin is initialised once per process and then holds one host table for ever, while
// PluginHosts (tests make many) come and go. So the table is a constant of the process, and each
// call is routed to the PluginHost on whose behalf the plugin runs: the one that entered it on this
// thread (PluginScope), or, on a thread the plugin started itself, the newest open one. After
// close() no plugin code reaches the transport any more. All functions are thread-safe.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "cartpilot/abi.h"
#include "cartpilot/http.h"

namespace cartpilot::plugin {

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

  /// From a plugin, or about it. Bounded and made one printable line.
  void log(int level, std::string_view source, std::string_view line) noexcept;

 private:
  HostServices(HttpTransport& transport, LogSink log);

  HttpTransport& transport_;
  const LogSink log_;
  std::atomic<bool> closed_{false};
  std::mutex mutex_;
  std::condition_variable idle_;
  std::size_t running_ = 0;
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
