// SandboxServer: an embedded CartPilot that speaks the real service's HTTP contract on loopback.
//
// Starts in the constructor, stops in stop() or the destructor. Owns its threads, its ports and its
// database; any thread may use it. Nothing it answered is lost when the process is killed, unless
// the database is ":memory:".
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cartpilot::sandbox {

enum class MerchantState;

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

class SandboxServer final {
 public:
  using Options = SandboxOptions;

  /// Ready for requests on return. Throws Error{kUnavailable} when a port is taken or the database
  /// is damaged, newer, of another program or out of reach; such a file is not changed.
  /// Error{kInvalidArgument} for an unknown chaos scenario or a webhook address off this machine.
  explicit SandboxServer(Options options);
  ~SandboxServer();
  SandboxServer(const SandboxServer&) = delete;
  SandboxServer& operator=(const SandboxServer&) = delete;

  /// Closes all connections and joins all threads. Idempotent.
  void stop() noexcept;
  std::string url() const;  ///< "http://127.0.0.1:PORT"
  /// "" without a listener of that merchant.
  std::string merchant_url(const std::string& merchant_id) const;
  /// The scenarios that are on.
  std::vector<std::string> running_chaos() const;
  /// The id in its database: what it is known by, whatever its port.
  std::string id() const;

  int port() const;
  /// 0 without a listener of that merchant.
  int merchant_port(const std::string& merchant_id) const;

  /// Changes what a merchant charges from now on: sessions quoted before then fail at confirmation
  /// with PRICE_CHANGED. Kept in the database. Throws Error{kNotFound, kInvalidArgument}.
  void change_price(const std::string& merchant_id, const std::string& product_id,
                    std::int64_t cents);

  /// Sells a product out: sessions quoted before fail with OUT_OF_STOCK. Kept in the database.
  /// Throws Error{kNotFound}.
  void empty_stock(const std::string& merchant_id, const std::string& product_id);

  /// Takes a merchant off the network, out of CartPilot's list, or back (merchant.h), until the
  /// process ends. Its own API keeps answering. Throws Error{kNotFound}.
  void set_merchant_state(const std::string& merchant_id, MerchantState state);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cartpilot::sandbox
