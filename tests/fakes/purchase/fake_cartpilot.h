// FakeCartPilot: CartPilot and a merchant in memory, with a truth ledger and faults on demand.
//
// Stands behind the real client as its transport. Prices, statuses, error bodies and the
// idempotency cache (any answer below 500 is replayed for its key) are constructed from CartPilot's
// public API documentation. Every request is recorded. `orders()` is the truth about what was
// bought. Requests may come from several threads and are answered one after the other; everything
// else belongs to the test's own thread.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cartpilot/http.h"
#include "cartpilot/json.h"

namespace cartpilot::purchase {

/// A price in US dollars as the service writes it; `amount` in cents.
inline Json price_of(std::int64_t amount) { return Json{{"amount", amount}, {"currency", "USD"}}; }

class FakeCartPilot final : public HttpTransport {
 public:
  struct Seen {
    std::string
        route;  ///< get, create, quote, request-approval, approve, confirm, orders, order, offer
    std::string path;
    HttpHeaders headers;
    Json body;
  };
  struct Reply {
    int status = 200;
    std::string body;
    std::string content_type = "application/json";
    HttpHeaders headers;
  };
  enum class Fault {
    kRefuseConnection,  ///< nothing is sent
    kResetBefore,       ///< sent, not carried out, no answer
    kLoseAnswer,        ///< carried out, no answer
    kReplaceAnswer,     ///< carried out, another answer
    kAnswerInstead      ///< not carried out, this answer
  };

  /// At the `nth` request (1 = first, 0 = every) of a route.
  void fault(const std::string& route, int nth, Fault kind);
  void fault(const std::string& route, int nth, Fault kind, Reply reply);
  /// Runs right before the `nth` request of a route is handled.
  void before(const std::string& route, int nth, std::function<void()> change);

  void send(const HttpRequest& request, HttpSink& sink, const CallContext& context) override;

  Json& checkout(const std::string& id) { return checkouts_.at(id); }
  Json& price(const std::string& product_id) { return prices_[product_id]; }
  std::vector<Json>& orders() { return orders_; }
  const std::vector<Seen>& requests() const { return requests_; }
  int count(const std::string& route) const;
  std::vector<Seen> seen(const std::string& route) const;
  /// Everything but prices is forgotten, as after a restart of the reference server.
  void lose_memory();
  /// Orders exist, the list does not show them.
  bool hide_orders = false;
  /// A confirm whose caller no longer waits is carried out, and its answer lost.
  bool heeds_cancel = false;
  /// The title of every line from the next quote on, "" = an ordinary one.
  std::string title;
  /// Of products, in the offers they are in.
  std::map<std::string, std::string> categories;
  /// The merchant of every offer, "" = that of the checkouts made from it.
  std::string offers_of;
  /// The Date of every answer, "" = none.
  std::string date;
  /// The sandbox that every answer says it comes from, "" = a real CartPilot.
  std::string sandbox;

  static Reply error(int status, const std::string& code, const std::string& message = "no");

 private:
  struct Planned {
    std::string route;
    int nth;
    std::optional<Fault> kind;
    Reply reply;
    std::function<void()> change;
  };
  Reply handle(const Seen& seen, const std::string& id);
  Reply answer_with_cache(const Seen& seen, const std::string& id);
  Reply offer(const std::string& id) const;
  Reply create(const Json& body);
  Reply quote(Json& checkout, const Json& body);
  Reply request_approval(Json& checkout);
  Reply approve(Json& checkout, const Json& body);
  Reply confirm(Json& checkout);
  std::string fresh_id();

  std::map<std::string, Json> checkouts_;
  std::map<std::string, Json> prices_ = {{"headphones", 7999}, {"mug", 1499}, {"earbuds", 7999}};
  std::vector<Json> orders_;
  std::map<std::string, Reply> cache_;
  std::map<std::string, std::string> created_;  ///< body key -> checkout
  std::recursive_mutex one_at_a_time_;          ///< a planned change may ask something itself
  std::vector<Seen> requests_;
  std::vector<Planned> plans_;
  int ids_ = 0;
};

}  // namespace cartpilot::purchase
