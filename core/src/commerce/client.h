// CartPilotClient: every endpoint of CartPilot's REST contract as one typed call.
//
// One client serves the whole program: calls may come from any number of threads and share
// kept-alive connections. The transport is borrowed and must outlive the client. Reads are retried
// (3 tries, see net/retry_policy.h); nothing that writes is ever retried here. Ids are checked
// against
// ^[A-Za-z0-9_-]{1,64}$ before they enter a path. Answers carry both the typed value and the
// server's JSON unchanged. Every call throws CartPilotError and nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/retry_policy.h"
#include "cartpilot/error.h"
#include "cartpilot/http.h"
#include "commerce/types.h"

namespace cartpilot::commerce {

/// CartPilot refuses a larger page_size.
constexpr std::int64_t kMaxPageSize = 100;

struct ClientOptions {
  std::string base_url = "http://localhost:8000";
  std::string api_key{};
  std::string session_id{};  ///< sent with every intent that names none; "" = none
  /// The sandbox that is expected to answer, as it names itself; "" = a real CartPilot.
  std::string sandbox_id{};
  std::int64_t connect_timeout_ms = 5'000;
  std::int64_t total_timeout_ms = 35'000;  ///< CartPilot itself waits up to 10 s for a merchant
  base::RetryPolicy read_retries{};
  /// Waits between two tries of a read and a number 0..1 for the jitter. Empty means the clock (it
  /// stops waiting when the call is cancelled) and a random source; tests put their own.
  std::function<void(std::int64_t wait_ms, const CallContext& context)> wait{};
  std::function<double()> random{};
};

/// One problem of a 422 answer: where and what.
struct FieldProblem {
  std::string location;  ///< "body.items[0].quantity"
  std::string message;
};

/// Any failed call, whichever of the five error shapes the server used, or no answer at all.
///
/// `error_code` is the server's own code ("OFFER_NOT_FOUND"), or VALIDATION_ERROR (422), HTTP_404,
/// HTTP_405, ..., NETWORK_ERROR (nothing came back), TIMEOUT, BAD_RESPONSE (an answer we cannot
/// read), INVALID_ID, INVALID_ARGUMENT and INVALID_URL (refused here, nothing sent), CANCELLED.
/// `request_may_have_run` is false only when it is certain that nothing reached the server.
class CartPilotError : public Error {
 public:
  CartPilotError(ErrorCode kind, const std::string& message) : Error(kind, message) {}
  std::string error_code;
  /// The merchant's own code when CartPilot passed on a merchant's refusal: OUT_OF_STOCK,
  /// PRICE_CHANGED, INVALID_STATE, QUOTE_FAILED, ...; "" otherwise.
  std::string merchant_code;
  std::vector<FieldProblem> problems;
  bool request_may_have_run = true;
  /// The answer has the very shape of CartPilot's own refusals: JSON by its type, one object with
  /// exactly error_code, message, details (a list) and request_id. What stands between us and
  /// CartPilot (a proxy, a firewall, a gateway) answers in shapes of its own.
  bool own_refusal = false;
};

/// The error for a person or a model: the message, what the merchant said and what to do about it,
/// and the request id to quote to whoever runs CartPilot.
std::string described(const CartPilotError& error);

template <typename Value>
struct Answer {
  Value value;
  Json raw;                                      ///< the server's JSON, member order kept
  std::string request_id;                        ///< X-Request-ID of the answer
  std::optional<std::int64_t> server_unix_ms{};  ///< its Date, which has whole seconds
  /// What a sandbox on this machine calls itself; "" for a real CartPilot. No server elsewhere can
  /// pass for one.
  std::string sandbox_id{};
};

struct OrderFilter {
  std::int64_t page = 1;
  std::int64_t page_size = 20;
  std::optional<std::string> status{};
  std::optional<std::string> merchant_id{};
};

/// Per-call extras of the six routes that honour Idempotency-Key. "" sends no header.
struct WriteOptions {
  std::string idempotency_key;
};

class CartPilotClient {
 public:
  /// Throws Error{kInvalidArgument} for a URL that is not http(s), plain http off loopback, a URL
  /// with a user name, query or fragment, and for an API key with control characters.
  CartPilotClient(ClientOptions options, HttpTransport& transport);

  /// As given, with `base_url` normalised: no trailing slash, no default port.
  const ClientOptions& options() const { return options_; }

  Answer<Health> health(const CallContext& context) const;
  Answer<Health> ready(const CallContext& context) const;
  Answer<std::vector<Merchant>> merchants(const CallContext& context) const;

  /// 1..500 code points. `session_id` overrides ClientOptions::session_id.
  Answer<Intent> create_intent(const std::string& query,
                               const std::optional<std::string>& session_id,
                               const WriteOptions& write, const CallContext& context) const;
  Answer<Intent> get_intent(const std::string& intent_id, const CallContext& context) const;
  Answer<OfferPage> get_intent_offers(const std::string& intent_id, std::int64_t page,
                                      std::int64_t page_size, const CallContext& context) const;
  Answer<Offer> get_offer(const std::string& offer_id, const CallContext& context) const;

  /// `body_key` is the body's idempotency_key; "" leaves it out.
  Answer<Checkout> create_checkout(const std::string& offer_id,
                                   const std::vector<ItemRequest>& items,
                                   const std::string& body_key, const WriteOptions& write,
                                   const CallContext& context) const;
  Answer<Checkout> get_checkout(const std::string& checkout_id, const CallContext& context) const;
  Answer<Checkout> quote(const std::string& checkout_id, const std::vector<ItemRequest>& items,
                         const std::optional<std::string>& customer_email,
                         const WriteOptions& write, const CallContext& context) const;
  Answer<Checkout> request_approval(const std::string& checkout_id, const WriteOptions& write,
                                    const CallContext& context) const;
  /// Money. Only the purchase gate calls these two; both use a connection of their own.
  Answer<Checkout> approve(const std::string& checkout_id, const std::string& approved_by,
                           const WriteOptions& write, const CallContext& context) const;
  Answer<Confirmation> confirm(const std::string& checkout_id, const std::string& payment_method,
                               const std::string& body_key, const WriteOptions& write,
                               const CallContext& context) const;

  Answer<Page<OrderSummary>> list_orders(const OrderFilter& filter,
                                         const CallContext& context) const;
  Answer<Order> get_order(const std::string& order_id, const CallContext& context) const;
  Answer<Order> cancel_order(const std::string& order_id, const std::string& reason,
                             const std::string& cancelled_by, const CallContext& context) const;
  /// nullopt refunds the whole total.
  Answer<Order> refund_order(const std::string& order_id, std::optional<std::int64_t> amount_cents,
                             const std::string& reason, const CallContext& context) const;
  /// `steps` 1..3. For the sandbox and test systems.
  Answer<Order> simulate_advance(const std::string& order_id, std::int64_t steps,
                                 const CallContext& context) const;

  /// What became of a webhook that a merchant sent to CartPilot.
  Answer<WebhookEvent> get_webhook_event(const std::string& event_id,
                                         const std::string& merchant_id,
                                         const CallContext& context) const;

 private:
  struct RawAnswer {
    Json json;
    std::string method;
    int status = 0;
    std::string request_id;
    std::optional<std::int64_t> server_unix_ms;
    std::string sandbox_id;
  };
  RawAnswer get(const std::string& target, const CallContext& context) const;
  RawAnswer post(const std::string& target, const Json& body, const WriteOptions& write,
                 const CallContext& context) const;
  /// post() on a connection that carried nothing before: on an idle one that the server is just
  /// closing, we could not know whether the money moved.
  RawAnswer post_money(const std::string& target, const Json& body, const WriteOptions& write,
                       const CallContext& context) const;
  HttpRequest request_for(const std::string& method, const std::string& target) const;
  HttpRequest post_request(const std::string& target, const Json& body,
                           const WriteOptions& write) const;
  RawAnswer send_once(const HttpRequest& request, const CallContext& context) const;
  RawAnswer exchange(const HttpRequest& request, const CallContext& context) const;
  void wait(std::int64_t wait_ms, const CallContext& context) const;
  /// Answers that do not parse become BAD_RESPONSE.
  template <typename Parse>
  auto typed(RawAnswer raw, Parse parse) const -> Answer<decltype(parse(raw.json))>;

  ClientOptions options_;
  HttpTransport& transport_;
};

}  // namespace cartpilot::commerce
