// OrderService: what becomes of a confirmed checkout.
//
// Orders stay pending until somebody moves them: no merchant reports progress by itself. Guarded by
// the application's lock.
#pragma once

#include <optional>
#include <string>

#include "sandbox/store/store.h"

namespace cartpilot::sandbox {

class OrderService {
 public:
  /// `bounded_refunds`: only 1 cent up to the total may be refunded.
  OrderService(SandboxStore& store, const Clock& clock, bool bounded_refunds)
      : store_(store), clock_(clock), bounded_refunds_(bounded_refunds) {}

  /// Returns its id.
  std::string create(const Checkout& checkout);

  /// Throws Refusal{404 ORDER_NOT_FOUND}, as do all calls below.
  /// Returns the order as the API shows it, as do the three calls that change one.
  std::string text(const std::string& id);

  Page<Order> list(const OrderFilter& filter, std::int64_t page, std::int64_t page_size) {
    return store_.orders(filter, page, page_size);
  }

  /// Throws Refusal{400 INVALID_TRANSITION}.
  std::string cancel(const std::string& id, const std::string& reason,
                     const std::string& cancelled_by);

  /// Without an amount refunds the total; any amount is taken, even a negative one, unless refunds
  /// are bounded. One refund per order. Throws Refusal{400 INVALID_TRANSITION, REFUND_FAILED}.
  std::string refund(const std::string& id, std::optional<std::int64_t> cents,
                     const std::string& reason);

  /// Moves up to `steps` times along pending, confirmed, shipped, delivered; stops silently where
  /// the way ends.
  std::string advance(const std::string& id, std::int64_t steps);

  /// Carries out what a merchant reports about an order. Unknown orders, other event types and
  /// transitions that are not allowed change nothing. Returns why the event could not be read.
  std::optional<std::string> apply(const std::string& merchant_id, const std::string& event_type,
                                   const Json& data);

 private:
  Order get(const std::string& id);
  void move(Order& order, OrderStatus to, std::optional<std::string> reason, std::string actor,
            Json metadata);
  void give_back(Order& order, std::int64_t cents, const std::string& reason,
                 const std::string& actor);
  bool advance_once(Order& order);
  void apply_to(Order& order, OrderStatus to, const Json& data);

  SandboxStore& store_;
  const Clock& clock_;
  const bool bounded_refunds_;
};

}  // namespace cartpilot::sandbox
