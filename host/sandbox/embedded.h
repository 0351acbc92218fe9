// EmbeddedSandbox: an embedded CartPilot as the program uses it: `chat --sandbox` and
// `cartpilot sandbox`.
//
// The server behind it (sandbox_server.h), and the HTTP server it stands on, are the program part
// cartpilot-sandbox.so: whoever talks to the real service never loads them. Any thread may use it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cartpilot::sandbox {

struct SandboxOptions {
  int port = 0;                      ///< 0 takes any free port
  std::string db_path = ":memory:";  ///< SQLite file, made when missing
  std::string api_key = "dev-api-key-change-in-production";
  /// Microseconds since the epoch; empty means the system's clock. Called on request threads.
  std::function<std::int64_t()> clock = {};
  bool strict = false;  ///< closes the service's weak spots; docs/sandbox.md lists them
  /// Where chaos begins its sequence; unset means anywhere.
  std::optional<std::uint64_t> seed{};
  /// The chaos scenarios to switch on; unset leaves what the database remembers.
  std::optional<std::vector<std::string>> chaos{};
  /// Ports of the merchants' own APIs, 0 takes any free one; unset means no listener.
  std::optional<int> merchant_a_port{};
  std::optional<int> merchant_b_port{};
  std::string webhook_secret = "dev-webhook-secret-change-in-production";
  /// Where the merchants send their webhooks; "" means this sandbox.
  std::string webhook_url{};
};

/// Serves from its making to stop() or its end.
class EmbeddedSandbox {
 public:
  virtual ~EmbeddedSandbox() = default;

  /// Closes all connections and joins all threads. Idempotent.
  virtual void stop() noexcept = 0;
  virtual std::string url() const = 0;  ///< "http://127.0.0.1:PORT"
  /// "" without a listener of that merchant.
  virtual std::string merchant_url(const std::string& merchant_id) const = 0;
  /// The id in its database: what it is known by, whatever its port.
  virtual std::string id() const = 0;
  /// The scenarios that are on.
  virtual std::vector<std::string> running_chaos() const = 0;
};

/// Loads the part and starts a SandboxServer in it. Throws what its constructor throws, and
/// Error{kUnavailable, reason "part"}.
std::unique_ptr<EmbeddedSandbox> open_sandbox(const SandboxOptions& options);

}  // namespace cartpilot::sandbox
