// FaultCartPilot: a CartPilot over real HTTP that misbehaves as told, and knows the truth.
//
// Behind it runs the sandbox, faithful to the service with its weak spots. In front of it stands
// what goes wrong: on the way (dropped, delayed, cut, repeated, garbled, mixed up), at CartPilot
// (lost memory, refusals, stale views), at the merchants (prices, double bookings) and by other
// holders of the same key. Every merchant booking is written down in bookings(), whatever was
// answered. Everything that goes wrong is planned beforehand, so a plan can be played again. Owns
// its threads; any thread may call.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "sandbox/http/application.h"
#include "torture/fault_listener.h"
#include "torture/truth_ledger.h"

namespace cartpilot::torture {

/// One thing that goes wrong. docs/torture.md lists the kinds.
struct Fault {
  std::string kind;
  std::string route;     ///< create_intent offers offer create get quote request-approval approve
                         ///< confirm orders order; "" = any
  int nth = 1;           ///< at which request of that route, 1 = the first; 0 = at every one
  bool lasting = false;  ///< stays through heal()
  Json detail = Json::object();
};

class FaultCartPilot {
 public:
  struct Options {
    std::string api_key = "torture-api-key-canary-5f1c";
    /// Nanoseconds by which the clocks are ahead; empty = they are not.
    std::function<std::int64_t()> warp = {};
    /// Puts the clocks forward; for answers that never come.
    std::function<void(std::int64_t nanoseconds)> wait = {};
  };

  explicit FaultCartPilot(Options options);

  std::string url() const { return listener_.url(); }
  int port() const { return listener_.port(); }
  const std::string& api_key() const { return options_.api_key; }

  /// A fresh world with these faults.
  void begin(std::vector<Fault> faults);
  /// Other faults for the world as it is; counts start again.
  void plan(std::vector<Fault> faults);
  /// What was passing has passed; what lasts stays. Also listens again.
  void heal();
  /// Waits until all that was sent has been dealt with.
  void settle() { listener_.settle(); }

  std::vector<Booking> bookings() const;
  /// How many requests of a route arrived.
  int count(const std::string& route) const;
  /// Clock of the page at each confirm of a checkout, in the order of arrival.
  std::vector<std::int64_t> confirms_of(const std::string& checkout_id) const;
  /// The fault kinds that struck, in order.
  std::vector<std::string> struck() const;
  /// The checkout as an honest GET would show it now; null when CartPilot does not know it.
  Json shown(const std::string& checkout_id);

  /// A request as another holder of the key would make it. Faults do not strike it.
  sandbox::Response as_other(const std::string& method, const std::string& target,
                             const Json& body = nullptr);
  /// Makes a checkout and brings it up to approved, as another holder of the key; its id.
  std::string foreign_checkout();

 private:
  struct RequestInFlight;  ///< one request on its way through

  void serve(const sandbox::Request& request, Line& line);
  std::vector<Fault> due(const std::string& route);
  bool plans(std::string_view kind) const;
  void meet_twin(RequestInFlight& in_flight, std::unique_lock<std::mutex>& lock);
  void act_before(const Fault& fault, const RequestInFlight& in_flight);
  void change_merchant(const Fault& fault, const Json& checkout);
  bool fails_before(RequestInFlight& in_flight, Line& line);
  bool answer_instead(RequestInFlight& in_flight);
  void work(RequestInFlight& in_flight);
  void confirm(RequestInFlight& in_flight);
  std::optional<sandbox::Response> refusal_of(const std::vector<Json>& alterations) const;
  void hide_what_happened(RequestInFlight& in_flight, const Json& shown, const std::string& number);
  void book(const Json& checkout, const std::string& number, bool by_program,
            std::int64_t extra_charge);
  void keep(const RequestInFlight& in_flight);
  void alter_answer(RequestInFlight& in_flight);
  void deliver(RequestInFlight& in_flight, Line& line);
  void forget();
  std::string outer_names(std::string text) const;
  sandbox::Request as_key_holder(const std::string& method, const std::string& target,
                                 const std::string& id, const std::string& action,
                                 const Json& body) const;
  sandbox::Response ask(const sandbox::Request& request);
  Json inner_checkout(const std::string& checkout_id);
  Json altered(const std::string& checkout_id, Json checkout) const;
  std::int64_t now_us() const;
  std::int64_t page_ms() const;

  const Options options_;
  mutable std::mutex mutex_;  ///< guards all below
  std::condition_variable twins_;
  std::vector<Fault> faults_;
  std::map<std::string, int> counts_;
  std::map<std::string, std::vector<std::int64_t>> confirms_;
  std::vector<std::string> struck_;
  std::vector<Booking> bookings_;
  std::map<std::string, std::vector<Json>> alterations_;  ///< by checkout id, in order
  std::set<std::string> hidden_orders_;                   ///< by the merchant's number
  std::map<std::string, sandbox::Response> remembered_;   ///< our own answers, by key and path
  std::multiset<std::string> keys_in_flight_;
  std::atomic<std::int64_t> skew_us_{0};
  int numbers_ = 0;
  std::unique_ptr<sandbox::Application> shop_;
  std::string id_;  ///< of the first one: the service is the same after it lost its memory
  FaultListener listener_;
};

/// The words of a route by method and path, as in Fault::route; "" = none of them.
std::string route_of(const std::string& method, const std::string& target);

/// The id in "/checkouts/ID/..." or "/orders/ID", "" = none.
std::string id_in(const std::string& target);

}  // namespace cartpilot::torture
