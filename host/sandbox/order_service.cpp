#include "sandbox/order_service.h"

#include <fmt/format.h>

#include "sandbox/identifiers.h"
#include "sandbox/refusal.h"

namespace cartpilot::sandbox {
namespace {

void require_transition(const Order& order, OrderStatus to) {
  if (may_become(order.status, to)) return;
  throw Refusal(400, "INVALID_TRANSITION",
                fmt::format("Cannot transition from {} to {}", name(order.status), name(to)));
}

}  // namespace

Order OrderService::create(const Checkout& checkout) {
  Order order;
  order.id = new_uuid();
  order.checkout_id = checkout.id;
  order.merchant_id = checkout.merchant_id;
  order.merchant_order_id = checkout.merchant_order_id;
  order.items = checkout.items;
  order.totals = checkout.totals;
  order.created_at = clock_();
  order.updated_at = order.created_at;
  order.history.push_back({std::nullopt, OrderStatus::kPending, "Order created from checkout",
                           "system", nullptr, order.created_at});
  store_.save(order);
  return order;
}

Order OrderService::get(const std::string& id) {
  std::optional<Order> order = store_.find_order(id);
  if (!order) throw Refusal(404, "ORDER_NOT_FOUND", "Order not found: " + id);
  return std::move(*order);
}

void OrderService::move(Order& order, OrderStatus to, std::optional<std::string> reason,
                        std::string actor, Json metadata) {
  const Micros now = clock_();
  order.history.push_back(
      {order.status, to, std::move(reason), std::move(actor), std::move(metadata), now});
  order.status = to;
  order.updated_at = now;
}

Order OrderService::cancel(const std::string& id, const std::string& reason,
                           const std::string& cancelled_by) {
  Order order = get(id);
  require_transition(order, OrderStatus::kCancelled);
  move(order, OrderStatus::kCancelled, reason, cancelled_by, nullptr);
  order.cancelled_reason = reason;
  order.cancelled_by = cancelled_by;
  order.cancelled_at = clock_();
  store_.save(order);
  return order;
}

Order OrderService::refund(const std::string& id, std::optional<std::int64_t> cents,
                           const std::string& reason) {
  Order order = get(id);
  require_transition(order, OrderStatus::kRefunded);
  const std::int64_t amount = cents.value_or(order.totals.total_cents);
  move(order, OrderStatus::kRefunded, reason, "system", {{"refund_amount_cents", amount}});
  order.refund_cents = amount;
  order.refund_reason = reason;
  order.refunded_at = clock_();
  store_.save(order);
  return order;
}

Order OrderService::advance(const std::string& id, std::int64_t steps) {
  Order order = get(id);
  for (std::int64_t step = 0; step < steps && advance_once(order); ++step) {
  }
  store_.save(order);
  return order;
}

bool OrderService::advance_once(Order& order) {
  constexpr const char* kActor = "simulate_time";
  switch (order.status) {
    case OrderStatus::kPending:
      move(order, OrderStatus::kConfirmed, std::nullopt, kActor, nullptr);
      order.confirmed_at = clock_();
      return true;
    case OrderStatus::kConfirmed:
      order.tracking_number = new_tracking_number();
      order.carrier = "SimCarrier";
      move(order, OrderStatus::kShipped, std::nullopt, kActor,
           {{"tracking_number", *order.tracking_number}, {"carrier", *order.carrier}});
      order.shipped_at = clock_();
      return true;
    case OrderStatus::kShipped:
      move(order, OrderStatus::kDelivered, std::nullopt, kActor, nullptr);
      order.delivered_at = clock_();
      return true;
    default: return false;
  }
}

}  // namespace cartpilot::sandbox
