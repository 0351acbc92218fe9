// SandboxServer: an embedded CartPilot that speaks the real service's HTTP contract on loopback.
//
// Starts in the constructor, stops in stop() or the destructor. Owns its threads, its port and its
// database; any thread may use it. Nothing it answered is lost when the process is killed, unless
// the database is ":memory:".
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace cartpilot::sandbox {

class SandboxServer {
 public:
  struct Options {
    int port = 0;                      ///< 0 takes any free port
    std::string db_path = ":memory:";  ///< SQLite file, made when missing
    std::string api_key = "dev-api-key-change-in-production";
    /// Microseconds since the epoch; empty means the system's clock. Called on request threads.
    std::function<std::int64_t()> clock = {};
  };

  /// Ready for requests on return. Throws Error{kUnavailable} when the port is taken or the
  /// database is damaged, newer, of another program or out of reach; such a file is not changed.
  explicit SandboxServer(Options options);
  ~SandboxServer();
  SandboxServer(const SandboxServer&) = delete;
  SandboxServer& operator=(const SandboxServer&) = delete;

  /// Closes all connections and joins all threads. Idempotent.
  void stop() noexcept;

  int port() const;
  std::string url() const;  ///< "http://127.0.0.1:PORT"

  /// Changes what a merchant charges from now on, until the process ends: sessions quoted before
  /// then fail at confirmation with PRICE_CHANGED. Throws Error{kNotFound, kInvalidArgument}.
  void change_price(const std::string& merchant_id, const std::string& product_id,
                    std::int64_t cents);

  /// Sells a product out until the process ends: sessions quoted before fail with OUT_OF_STOCK.
  /// Throws Error{kNotFound}.
  void empty_stock(const std::string& merchant_id, const std::string& product_id);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace cartpilot::sandbox
