// Application: the APIs without their sockets: one request in, one answer out.
//
// Owns the store, the merchants and the services. One lock guards them all, and every request that
// may change something is one transaction: what was answered is stored, what failed with 500 is
// not. Any thread may call any member.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "sandbox/http/message.h"
#include "sandbox/http/router.h"
#include "sandbox/merchant/merchants.h"
#include "sandbox/service/checkouts.h"
#include "sandbox/service/idempotency.h"
#include "sandbox/service/intents.h"
#include "sandbox/service/orders.h"
#include "sandbox/service/webhooks.h"
#include "sandbox/store/store.h"

namespace cartpilot::sandbox {

class Application {
 public:
  struct Options {
    std::string db_path;
    std::string api_key;
    Clock clock;
    bool strict = false;
    std::uint64_t chaos_seed = 0;
    std::string webhook_secret = "dev-webhook-secret-change-in-production";
  };
  using Delivery = std::function<void(std::vector<OutgoingWebhook>)>;

  /// Throws Error{kUnavailable} when the database cannot be used.
  explicit Application(Options options);
  /// As the service does it, with defaults for the rest.
  Application(std::string db_path, std::string api_key, Clock clock)
      : Application(Options{std::move(db_path), std::move(api_key), std::move(clock)}) {}

  /// CartPilot's API. Never throws; an unexpected failure is a 500.
  Response handle(const Request& request);

  /// What this sandbox is known by, kept in its database.
  const std::string& id() const { return id_; }

  /// The API of one merchant. Never throws.
  Response handle_shop(const std::string& merchant_id, const Request& request);

  /// Where committed webhooks go, called outside the lock. Until it is set they are dropped.
  void deliver_with(Delivery delivery);

  // All below throw Error{kNotFound} for an unknown merchant or product.

  void change_price(const std::string& merchant_id, const std::string& product_id,
                    std::int64_t cents);
  void empty_stock(const std::string& merchant_id, const std::string& product_id);
  void set_state(const std::string& merchant_id, MerchantState state);
  /// What GET /merchants shows.
  void set_url(const std::string& merchant_id, const std::string& url);

  /// Switches exactly these scenarios on. Throws Error{kInvalidArgument} for an unknown name.
  void start_chaos(const std::vector<std::string>& scenarios);
  std::vector<std::string> running_chaos();

 private:
  /// What a request found when it arrived.
  struct Arrival {
    std::optional<Response> replayed;
    bool unconfirmed = false;
  };

  Response handled(const Request& request);
  Response handle_as_the_service_does(const Request& request, const std::string& request_id);
  Response handle_strictly(const Request& request, const std::string& request_id);
  Arrival look_around(const Request& request);
  Response answer(const Request& request, const std::string& request_id) const;
  Response route(const Request& request, const std::string& request_id) const;
  /// Runs `work` under the lock, in a transaction unless the method only reads.
  Response guarded(const Request& request, const std::function<Response()>& work);
  Merchant& merchant(const std::string& id) const;
  Chaos& chaos() const;

  std::mutex mutex_;
  const Options options_;
  std::string id_;
  std::vector<OutgoingWebhook> outbox_;
  Delivery delivery_;
  SandboxStore store_;
  Merchants merchants_;
  IntentService intents_;
  OrderService orders_;
  CheckoutService checkouts_;
  WebhookService webhooks_;
  Idempotency idempotency_;
  Router router_;
  std::map<std::string, Router> shops_;  // by merchant id
};

}  // namespace cartpilot::sandbox
