// The two state machines of the service: checkouts and orders.
//
// Names are the wire's. Pure functions over constants; thread-safe.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace cartpilot::sandbox {

enum class CheckoutStatus {
  kCreated,
  kQuoted,
  kAwaitingApproval,
  kApproved,
  kConfirmed,
  kFailed,
  kCancelled
};

std::string_view name(CheckoutStatus status);
/// Throws Error{kProtocol} for an unknown name.
CheckoutStatus checkout_status_from(std::string_view name);
/// In the order in which the service lists them in its messages.
const std::vector<CheckoutStatus>& next_states(CheckoutStatus status);

enum class OrderStatus {
  kPending,
  kConfirmed,
  kShipped,
  kDelivered,
  kReturned,
  kCancelled,
  kRefunded
};

std::string_view name(OrderStatus status);
/// nullopt for an unknown name.
std::optional<OrderStatus> find_order_status(std::string_view name);
const std::vector<OrderStatus>& next_states(OrderStatus status);

/// True when `to` directly follows `from`.
template <typename Status>
bool may_become(Status from, Status to) {
  for (const Status next : next_states(from)) {
    if (next == to) return true;
  }
  return false;
}

}  // namespace cartpilot::sandbox
