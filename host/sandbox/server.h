// SandboxServer: an embedded CartPilot that speaks the real service's HTTP contract on loopback.
//
// Starts in the constructor, stops in stop() or the destructor. Owns its threads, its ports and its
// database; any thread may use it. Nothing it answered is lost when the process is killed, unless
// the database is ":memory:".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sandbox/embedded.h"

namespace cartpilot::sandbox {

enum class MerchantState;

class SandboxServer final : public EmbeddedSandbox {
 public:
  using Options = SandboxOptions;

  /// Ready for requests on return. Throws Error{kUnavailable} when a port is taken or the database
  /// is damaged, newer, of another program or out of reach; such a file is not changed.
  /// Error{kInvalidArgument} for an unknown chaos scenario or a webhook address off this machine.
  explicit SandboxServer(Options options);
  ~SandboxServer() override;
  SandboxServer(const SandboxServer&) = delete;
  SandboxServer& operator=(const SandboxServer&) = delete;

  void stop() noexcept override;
  std::string url() const override;
  std::string merchant_url(const std::string& merchant_id) const override;
  std::string id() const override;
  std::vector<std::string> running_chaos() const override;

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
