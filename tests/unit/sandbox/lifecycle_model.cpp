#include "unit/sandbox/lifecycle_model.h"

namespace cartpilot::sandbox {
namespace {

std::int64_t total_of(std::int64_t subtotal) {
  const std::int64_t tax = subtotal * 8 / 100;
  return subtotal + tax + (subtotal < 5000 ? 999 : 0);
}

}  // namespace

Foretold LifecycleModel::quote(const std::string& product, std::int64_t quantity) {
  if (state_ == State::kConfirmed) return {400, "INVALID_STATE"};
  const auto goods = goods_.find(product);
  if (goods == goods_.end() || goods->second.stock < quantity) return {400, "MERCHANT_ERROR"};
  if (state_ == State::kQuoted) return {400, "QUOTE_FAILED"};
  session_ = {product, quantity, goods->second.cents, false};
  total_ = total_of(quantity * goods->second.cents);
  if (state_ == State::kCreated) {
    state_ = State::kQuoted;
    audit_trail_.emplace_back("quote_received");
  } else if (total_ != frozen_) {
    state_ = State::kQuoted;
    frozen_ = -1;
    audit_trail_.emplace_back("price_changed_reapproval_required");
  }
  return {};
}

Foretold LifecycleModel::request_approval() {
  if (state_ != State::kQuoted) return {400, "APPROVAL_REQUEST_FAILED"};
  state_ = State::kAwaitingApproval;
  frozen_ = total_;
  audit_trail_.emplace_back("approval_requested");
  return {};
}

Foretold LifecycleModel::approve() {
  if (state_ != State::kAwaitingApproval) return {400, "APPROVAL_FAILED"};
  state_ = State::kApproved;
  audit_trail_.emplace_back("approved");
  return {};
}

Foretold LifecycleModel::confirm() {
  if (state_ == State::kConfirmed) return {};
  if (state_ != State::kApproved) return {400, "NOT_APPROVED"};
  if (session_.failed) return {400, "MERCHANT_ERROR"};
  const Goods& now = goods_.at(session_.product);
  if (now.stock < session_.quantity) {
    session_.failed = true;
    return {400, "MERCHANT_ERROR"};
  }
  if (now.cents != session_.cents) {
    session_.failed = true;
    return {409, "REAPPROVAL_REQUIRED"};
  }
  state_ = State::kConfirmed;
  order_ = Order::kPending;
  ++orders_made_;
  audit_trail_.emplace_back("confirmed");
  return {};
}

Foretold LifecycleModel::cancel() {
  if (order_ != Order::kPending && order_ != Order::kConfirmed && order_ != Order::kShipped) {
    return {400, "INVALID_TRANSITION"};
  }
  order_ = Order::kCancelled;
  return {};
}

Foretold LifecycleModel::refund() {
  if (order_ != Order::kDelivered) return {400, "INVALID_TRANSITION"};
  order_ = Order::kRefunded;
  return {};
}

Foretold LifecycleModel::advance(int steps) {
  for (int step = 0; step < steps; ++step) {
    if (order_ == Order::kShipped) {
      order_ = Order::kDelivered;
    } else if (order_ == Order::kConfirmed) {
      order_ = Order::kShipped;
    } else if (order_ == Order::kPending) {
      order_ = Order::kConfirmed;
    }
  }
  return {};
}

const char* LifecycleModel::state_name() const {
  switch (state_) {
    case State::kCreated: return "created";
    case State::kQuoted: return "quoted";
    case State::kAwaitingApproval: return "awaiting_approval";
    case State::kApproved: return "approved";
    case State::kConfirmed: return "confirmed";
  }
  return "";
}

const char* LifecycleModel::order_name() const {
  switch (order_) {
    case Order::kNone: return "";
    case Order::kPending: return "pending";
    case Order::kConfirmed: return "confirmed";
    case Order::kShipped: return "shipped";
    case Order::kDelivered: return "delivered";
    case Order::kCancelled: return "cancelled";
    case Order::kRefunded: return "refunded";
  }
  return "";
}

}  // namespace cartpilot::sandbox
