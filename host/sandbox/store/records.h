// What the sandbox keeps: intents, offers, checkouts, orders and the merchants' own sessions.
//
// Plain values without rules; the services change them, json_views.h shows them, sandbox_store.h
// keeps them. Money is int64 cents; both merchants sell in US dollars only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "sandbox/service/clock.h"
#include "sandbox/service/states.h"

namespace cartpilot::sandbox {

inline constexpr const char* kCurrency = "USD";

struct Intent {
  std::string id;
  std::string query;
  std::optional<std::string> session_id;
  Json metadata = Json::object();
  bool offers_collected = false;
  std::int64_t offer_count = 0;
  Micros created_at = 0;
  Micros updated_at = 0;
};

struct OfferItem {
  std::string product_id;
  std::string sku;
  std::string title;
  std::string description;
  std::string brand;
  std::string category_path;
  std::int64_t price_cents = 0;
  std::int64_t quantity_available = 0;
  std::string image_url;
  double rating = 0;
  std::int64_t review_count = 0;
};

struct Offer {
  std::string id;
  std::string intent_id;
  std::string merchant_id;
  std::string merchant_name;
  std::string query;
  std::vector<OfferItem> items;
  Micros expires_at = 0;
  Micros created_at = 0;
};

/// What a caller asks for in a quote.
struct ItemRequest {
  std::string product_id;
  std::optional<std::string> variant_id;
  std::int64_t quantity = 0;
};

struct LineItem {
  std::string product_id;
  std::optional<std::string> variant_id;
  std::string sku;
  std::string title;
  std::int64_t unit_price_cents = 0;
  std::int64_t quantity = 0;

  std::int64_t total_cents() const { return unit_price_cents * quantity; }
  friend bool operator==(const LineItem&, const LineItem&) = default;
};

struct Totals {
  std::int64_t subtotal_cents = 0;
  std::int64_t tax_cents = 0;
  std::int64_t shipping_cents = 0;
  std::int64_t total_cents = 0;
};

/// One merchant's side of a checkout. Every quote opens a new one.
struct MerchantSession {
  std::string id;
  std::string merchant_id;
  std::string status;  ///< quoted, confirmed, failed, expired
  std::vector<LineItem> items;
  Totals totals;
  std::string receipt_hash;
  std::optional<std::string> customer_email;
  std::optional<std::string> merchant_order_id;
  std::optional<std::string> failure_reason;
  Micros created_at = 0;
  Micros updated_at = 0;
  Micros expires_at = 0;
};

struct FrozenReceipt {
  std::string hash;
  std::vector<LineItem> items;
  Totals totals;
  Micros frozen_at = 0;
};

struct AuditEntry {
  Micros timestamp = 0;
  std::string action;
  std::optional<CheckoutStatus> from;
  CheckoutStatus to = CheckoutStatus::kCreated;
  std::optional<std::string> actor;
  Json details;
};

struct Checkout {
  std::string id;
  std::string offer_id;
  std::string merchant_id;
  CheckoutStatus status = CheckoutStatus::kCreated;
  std::vector<LineItem> items;
  Totals totals;  ///< all zero before the first quote
  std::optional<std::string> merchant_checkout_id;
  std::optional<std::string> receipt_hash;
  std::optional<FrozenReceipt> frozen_receipt;
  std::optional<std::string> merchant_order_id;
  std::optional<std::string> approved_by;
  std::optional<Micros> approved_at;
  std::optional<Micros> confirmed_at;
  Micros expires_at = 0;
  std::vector<AuditEntry> audit_trail;
  Micros created_at = 0;
  Micros updated_at = 0;
};

struct OrderEvent {
  std::optional<OrderStatus> from;
  OrderStatus to = OrderStatus::kPending;
  std::optional<std::string> reason;
  std::string actor;
  Json metadata;  ///< object or null
  Micros created_at = 0;
};

struct Order {
  std::string id;
  std::string checkout_id;
  std::string merchant_id;
  std::optional<std::string> merchant_order_id;
  OrderStatus status = OrderStatus::kPending;
  std::vector<LineItem> items;
  Totals totals;
  std::optional<std::string> tracking_number;
  std::optional<std::string> carrier;
  std::optional<std::string> cancelled_reason;
  std::optional<std::string> cancelled_by;
  std::int64_t refund_cents = 0;
  std::optional<std::string> refund_reason;
  std::vector<OrderEvent> history;
  Micros created_at = 0;
  Micros updated_at = 0;
  std::optional<Micros> confirmed_at;
  std::optional<Micros> shipped_at;
  std::optional<Micros> delivered_at;
  std::optional<Micros> cancelled_at;
  std::optional<Micros> refunded_at;
};

}  // namespace cartpilot::sandbox
