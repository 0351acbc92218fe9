// LifecycleModel: what a checkout and its order may do, written from the service's description and
// sharing no code with the sandbox.
//
// It knows states, prices and stock, and foretells status code, error code and state of every step.
// One test thread.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace cartpilot::sandbox {

/// What the model foretells about one answer.
struct Foretold {
  int http = 200;
  std::string error_code;  ///< "" on success
};

class LifecycleModel {
 public:
  enum class State { kCreated, kQuoted, kAwaitingApproval, kApproved, kConfirmed };
  enum class Order { kNone, kPending, kConfirmed, kShipped, kDelivered, kCancelled, kRefunded };

  struct Goods {
    std::int64_t cents = 0;
    std::int64_t stock = 0;
  };

  /// `goods` by product id; changed by the test as prices and stock change.
  explicit LifecycleModel(const std::map<std::string, Goods>& goods) : goods_(goods) {}

  Foretold quote(const std::string& product, std::int64_t quantity);
  Foretold request_approval();
  Foretold approve();
  Foretold confirm();
  Foretold cancel();
  Foretold refund();
  Foretold advance(int steps);

  const char* state_name() const;
  const char* order_name() const;
  bool has_order() const { return order_ != Order::kNone; }
  std::int64_t total() const { return total_; }
  bool is_frozen() const { return frozen_ >= 0; }
  const std::vector<std::string>& audit_trail() const { return audit_trail_; }
  /// Orders made by this checkout so far: never more than one.
  int orders_made() const { return orders_made_; }

 private:
  /// The merchant's side of the last successful quote.
  struct Session {
    std::string product;
    std::int64_t quantity = 0;
    std::int64_t cents = 0;
    bool failed = false;
  };

  const std::map<std::string, Goods>& goods_;
  State state_ = State::kCreated;
  Order order_ = Order::kNone;
  Session session_;
  std::int64_t total_ = 0;
  std::int64_t frozen_ = -1;
  int orders_made_ = 0;
  std::vector<std::string> audit_trail_ = {"checkout_created"};
};

}  // namespace cartpilot::sandbox
