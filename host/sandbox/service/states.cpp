#include "sandbox/service/states.h"

#include <array>
#include <string>

#include "cartpilot/error.h"

namespace cartpilot::sandbox {
namespace {

// Both tables follow the order of their enumerators.

struct CheckoutState {
  std::string_view name;
  std::vector<CheckoutStatus> next;
};

const std::array<CheckoutState, 7>& checkout_states() {
  using enum CheckoutStatus;
  static const std::array<CheckoutState, 7> states = {{
      {"created", {kCancelled, kQuoted}},
      {"quoted", {kCancelled, kAwaitingApproval}},
      {"awaiting_approval", {kCancelled, kQuoted, kApproved}},
      {"approved", {kCancelled, kQuoted, kConfirmed, kFailed}},
      {"confirmed", {}},
      {"failed", {}},
      {"cancelled", {}},
  }};
  return states;
}

struct OrderState {
  std::string_view name;
  std::vector<OrderStatus> next;
};

const std::array<OrderState, 7>& order_states() {
  using enum OrderStatus;
  static const std::array<OrderState, 7> states = {{
      {"pending", {kConfirmed, kCancelled}},
      {"confirmed", {kShipped, kCancelled}},
      {"shipped", {kDelivered, kCancelled}},
      {"delivered", {kReturned, kRefunded}},
      {"returned", {kRefunded}},
      {"cancelled", {}},
      {"refunded", {}},
  }};
  return states;
}

}  // namespace

std::string_view name(CheckoutStatus status) {
  return checkout_states()[static_cast<std::size_t>(status)].name;
}

CheckoutStatus checkout_status_from(std::string_view name) {
  const auto& states = checkout_states();
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i].name == name) return static_cast<CheckoutStatus>(i);
  }
  throw Error(ErrorCode::kProtocol, "not a stored checkout status: " + std::string(name));
}

const std::vector<CheckoutStatus>& next_states(CheckoutStatus status) {
  return checkout_states()[static_cast<std::size_t>(status)].next;
}

std::string_view name(OrderStatus status) {
  return order_states()[static_cast<std::size_t>(status)].name;
}

std::optional<OrderStatus> find_order_status(std::string_view name) {
  const auto& states = order_states();
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i].name == name) return static_cast<OrderStatus>(i);
  }
  return std::nullopt;
}

const std::vector<OrderStatus>& next_states(OrderStatus status) {
  return order_states()[static_cast<std::size_t>(status)].next;
}

}  // namespace cartpilot::sandbox
