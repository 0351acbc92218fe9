#include "sandbox/service/orders.h"

#include <fmt/format.h>

#include "base/random.h"
#include "sandbox/service/identifiers.h"
#include "sandbox/wire/refusal.h"

namespace cartpilot::sandbox {
namespace {

void require_transition(const Order& order, OrderStatus to) {
  if (may_become(order.status, to)) return;
  throw Refusal(400, "INVALID_TRANSITION",
                fmt::format("Cannot transition from {} to {}", name(order.status), name(to)));
}

}  // namespace

std::string OrderService::create(const Checkout& checkout) {
  Order order;
  order.id = base::random_uuid();
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
  return order.id;
}

std::string OrderService::text(const std::string& id) {
  std::optional<std::string> found = store_.order_text(id);
  if (!found) throw Refusal(404, "ORDER_NOT_FOUND", "Order not found: " + id);
  return std::move(*found);
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

std::string OrderService::cancel(const std::string& id, const std::string& reason,
                                 const std::string& cancelled_by) {
  Order order = get(id);
  require_transition(order, OrderStatus::kCancelled);
  move(order, OrderStatus::kCancelled, reason, cancelled_by, nullptr);
  order.cancelled_reason = reason;
  order.cancelled_by = cancelled_by;
  order.cancelled_at = clock_();
  return store_.save(order);
}

std::string OrderService::refund(const std::string& id, std::optional<std::int64_t> cents,
                                 const std::string& reason) {
  Order order = get(id);
  require_transition(order, OrderStatus::kRefunded);
  const std::int64_t amount = cents.value_or(order.totals.total_cents);
  if (bounded_refunds_ && (amount < 1 || amount > order.totals.total_cents)) {
    throw Refusal(400, "REFUND_FAILED",
                  fmt::format("Refund amount must be 1 to {}", order.totals.total_cents));
  }
  give_back(order, amount, reason, "system");
  return store_.save(order);
}

void OrderService::give_back(Order& order, std::int64_t cents, const std::string& reason,
                             const std::string& actor) {
  move(order, OrderStatus::kRefunded, reason, actor, {{"refund_amount_cents", cents}});
  order.refund_cents = cents;
  order.refund_reason = reason;
  order.refunded_at = clock_();
}

std::string OrderService::advance(const std::string& id, std::int64_t steps) {
  Order order = get(id);
  for (std::int64_t step = 0; step < steps && advance_once(order); ++step) {
  }
  return store_.save(order);
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

std::optional<std::string> OrderService::apply(const std::string& merchant_id,
                                               const std::string& event_type, const Json& data) {
  constexpr std::string_view kPrefix = "order.";
  if (!event_type.starts_with(kPrefix)) return std::nullopt;
  const auto to = find_order_status(event_type.substr(kPrefix.size()));
  if (!to) return std::nullopt;
  const Json amount = data.value("refund_amount_cents", Json());
  if (*to == OrderStatus::kRefunded && !amount.is_null() && !amount.is_number_integer()) {
    return "refund_amount_cents must be an integer";
  }
  std::optional<Order> order =
      store_.find_order_by_number(merchant_id, string_or(data, "merchant_order_id"));
  // An event that comes too early or too late is lost, as in the service.
  if (!order || !may_become(order->status, *to)) return std::nullopt;
  apply_to(*order, *to, data);
  store_.save(*order);
  return std::nullopt;
}

void OrderService::apply_to(Order& order, OrderStatus to, const Json& data) {
  constexpr const char* kProgress = "merchant_webhook";
  const auto text_at = [&](const char* key) -> std::optional<std::string> {
    if (!data.contains(key) || !data.at(key).is_string()) return std::nullopt;
    return data.at(key).get<std::string>();
  };
  const auto reason_or = [&](const char* fallback) {
    const std::string reason = string_or(data, "reason");
    return reason.empty() ? std::string(fallback) : reason;
  };
  switch (to) {
    case OrderStatus::kConfirmed:
      move(order, to, std::nullopt, kProgress, nullptr);
      order.confirmed_at = clock_();
      break;
    case OrderStatus::kShipped:
      order.tracking_number = text_at("tracking_number");
      order.carrier = text_at("carrier");
      move(order, to, std::nullopt, kProgress,
           {{"tracking_number", order.tracking_number ? Json(*order.tracking_number) : Json()},
            {"carrier", order.carrier ? Json(*order.carrier) : Json()}});
      order.shipped_at = clock_();
      break;
    case OrderStatus::kDelivered:
      move(order, to, std::nullopt, kProgress, nullptr);
      order.delivered_at = clock_();
      break;
    case OrderStatus::kCancelled:
      order.cancelled_reason = reason_or("Cancelled by merchant");
      order.cancelled_by = "merchant";
      move(order, to, order.cancelled_reason, "merchant", nullptr);
      order.cancelled_at = clock_();
      break;
    case OrderStatus::kRefunded: {
      const Json amount = data.value("refund_amount_cents", Json());
      // Zero means "not said" there, too.
      const std::int64_t cents =
          amount.is_null() || amount == 0 ? order.totals.total_cents : amount.get<std::int64_t>();
      give_back(order, cents, reason_or("Refunded by merchant"), "merchant");
      break;
    }
    case OrderStatus::kPending:
    case OrderStatus::kReturned: break;
  }
}

}  // namespace cartpilot::sandbox
