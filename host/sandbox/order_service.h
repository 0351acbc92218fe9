// OrderService: what becomes of a confirmed checkout.
//
// Orders stay pending until somebody moves them: no merchant reports progress by itself. Guarded by
// the application's lock.
#pragma once

#include <string>

#include "sandbox/sandbox_store.h"

namespace cartpilot::sandbox {

class OrderService {
 public:
  OrderService(SandboxStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  Order create(const Checkout& checkout);

  /// Throws Refusal{404 ORDER_NOT_FOUND}, as do all calls below.
  Order get(const std::string& id);

  Page<Order> list(const OrderFilter& filter, std::int64_t page, std::int64_t page_size) {
    return store_.orders(filter, page, page_size);
  }

  /// Throws Refusal{400 INVALID_TRANSITION}.
  Order cancel(const std::string& id, const std::string& reason, const std::string& cancelled_by);

  /// Without an amount refunds the total; any amount is taken, even a negative one. One refund per
  /// order. Throws Refusal{400 INVALID_TRANSITION}.
  Order refund(const std::string& id, std::optional<std::int64_t> cents, const std::string& reason);

  /// Moves up to `steps` times along pending, confirmed, shipped, delivered; stops silently where
  /// the way ends.
  Order advance(const std::string& id, std::int64_t steps);

 private:
  void move(Order& order, OrderStatus to, std::optional<std::string> reason, std::string actor,
            Json metadata);
  bool advance_once(Order& order);

  SandboxStore& store_;
  const Clock& clock_;
};

}  // namespace cartpilot::sandbox
