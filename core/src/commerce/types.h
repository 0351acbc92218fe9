// CartPilot's resources as values. Optional fields are optional here; timestamps stay the server's
// text.
//
// Histories and people an older server leaves out stay empty. Every `parse_*` function takes the
// server's JSON and throws Error{kProtocol} naming the field when a required one is missing or of
// another type. Amounts must be JSON integers: 10.79, 1e3 and "1079" are refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "commerce/money.h"

namespace cartpilot::commerce {

/// Answers of GET /health and GET /ready; what the server left out stays "".
struct Health {
  std::string status;
  std::string service{};
  std::string version{};

  friend bool operator==(const Health&, const Health&) = default;
};

struct Intent {
  std::string id;
  std::string query;
  std::optional<std::string> session_id;
  Json metadata = Json::object();
  bool offers_collected = false;
  std::int64_t offer_count = 0;
  std::string created_at;
  std::string updated_at;

  friend bool operator==(const Intent&, const Intent&) = default;
};

struct OfferItem {
  std::string product_id;
  std::optional<std::string> variant_id;
  std::optional<std::string> sku;
  std::string title;
  std::optional<std::string> description;
  std::optional<std::string> brand;
  std::optional<std::string> category_path;
  Money price;
  std::int64_t quantity_available = 0;
  std::optional<std::string> image_url;
  std::optional<double> rating;
  std::optional<std::int64_t> review_count;

  friend bool operator==(const OfferItem&, const OfferItem&) = default;
};

struct Offer {
  std::string id;
  std::string intent_id;
  std::string merchant_id;
  std::vector<OfferItem> items;
  std::optional<Money> lowest_price;
  std::optional<Money> highest_price;
  std::optional<std::string> expires_at;
  bool is_expired = false;
  Json metadata = Json::object();
  std::string created_at;

  friend bool operator==(const Offer&, const Offer&) = default;
};

template <typename Item>
struct Page {
  std::int64_t total = 0;
  std::int64_t page = 1;
  std::int64_t page_size = 20;
  bool has_more = false;
  std::vector<Item> items;

  friend bool operator==(const Page&, const Page&) = default;
};

struct OfferPage : Page<Offer> {
  std::string intent_id{};  ///< the intent the offers answer

  friend bool operator==(const OfferPage&, const OfferPage&) = default;
};

struct Merchant {
  std::string id;
  std::string name;
  std::string url;
  bool enabled = true;

  friend bool operator==(const Merchant&, const Merchant&) = default;
};

/// What a person asks for: a product, perhaps a variant, how many.
struct ItemRequest {
  std::string product_id;
  std::optional<std::string> variant_id{};
  std::int64_t quantity = 1;

  friend bool operator==(const ItemRequest&, const ItemRequest&) = default;
};

struct CheckoutItem {
  std::string product_id;
  std::optional<std::string> variant_id;
  std::string sku;
  std::string title;
  Money unit_price;
  std::int64_t quantity = 0;
  Money line_total;

  friend bool operator==(const CheckoutItem&, const CheckoutItem&) = default;
};

/// The receipt as frozen by request-approval.
struct FrozenReceipt {
  struct Item {
    std::string product_id;
    std::optional<std::string> variant_id;
    std::string sku;
    std::string title;
    std::int64_t unit_price_cents = 0;
    std::int64_t quantity = 0;
    std::string currency;

    friend bool operator==(const Item&, const Item&) = default;
  };
  std::string hash;
  std::vector<Item> items;
  std::int64_t subtotal_cents = 0;
  std::int64_t tax_cents = 0;
  std::int64_t shipping_cents = 0;
  std::int64_t total_cents = 0;
  std::string currency;
  std::string frozen_at;

  friend bool operator==(const FrozenReceipt&, const FrozenReceipt&) = default;
};

/// One step in the history of a checkout.
struct AuditEntry {
  std::string timestamp;
  std::string action;  ///< checkout_created, quote_received, approval_requested, approved, ...
  std::optional<std::string> from_status;
  std::optional<std::string> to_status;
  std::optional<std::string> actor;
  Json details = Json::object();

  friend bool operator==(const AuditEntry&, const AuditEntry&) = default;
};

struct Checkout {
  std::string id;
  std::string offer_id;
  std::string merchant_id;
  std::string
      status;  ///< created, quoted, awaiting_approval, approved, confirmed, failed, cancelled
  std::vector<CheckoutItem> items;
  std::optional<Money> subtotal;
  std::optional<Money> tax;
  std::optional<Money> shipping;
  std::optional<Money> total;
  std::optional<std::string> merchant_checkout_id;
  std::optional<std::string> receipt_hash;
  std::optional<FrozenReceipt> frozen_receipt;
  std::optional<std::string> merchant_order_id;
  std::optional<std::string> approved_by;
  std::string expires_at;
  std::string created_at;
  std::string updated_at;
  std::optional<std::string> approved_at{};
  std::optional<std::string> confirmed_at{};
  std::optional<std::string> failure_reason{};
  std::vector<AuditEntry> audit_trail{};

  friend bool operator==(const Checkout&, const Checkout&) = default;
};

struct Confirmation {
  std::string checkout_id;
  std::string merchant_order_id;        ///< "" when the merchant gave none
  std::optional<std::string> order_id;  ///< absent when the confirm was a repeat
  std::string status;
  Money total;
  std::string confirmed_at;

  friend bool operator==(const Confirmation&, const Confirmation&) = default;
};

struct OrderSummary {
  std::string id;
  std::string merchant_id;
  std::optional<std::string> merchant_order_id;
  std::string status;
  Money total;
  std::int64_t item_count = 0;
  std::string customer_email;
  std::string created_at;

  friend bool operator==(const OrderSummary&, const OrderSummary&) = default;
};

struct OrderItem {
  std::string product_id;
  std::optional<std::string> variant_id;
  std::optional<std::string> sku;
  std::string title;
  std::int64_t quantity = 0;
  Money unit_price;
  Money line_total;

  friend bool operator==(const OrderItem&, const OrderItem&) = default;
};

struct Customer {
  std::string email;
  std::optional<std::string> name{};
  std::optional<std::string> phone{};

  friend bool operator==(const Customer&, const Customer&) = default;
};

struct Address {
  std::string line1;
  std::optional<std::string> line2{};
  std::string city{};
  std::optional<std::string> state{};
  std::string postal_code{};
  std::string country{};

  friend bool operator==(const Address&, const Address&) = default;
};

/// One step in the history of an order.
struct StatusChange {
  std::optional<std::string> from_status;
  std::string to_status;
  std::optional<std::string> reason;
  std::optional<std::string> actor;
  Json metadata = Json::object();
  std::string created_at;

  friend bool operator==(const StatusChange&, const StatusChange&) = default;
};

struct Order {
  std::string id;
  std::string checkout_id;
  std::string merchant_id;
  std::optional<std::string> merchant_order_id;
  std::string status;
  std::vector<OrderItem> items;
  Money subtotal;
  Money tax;
  Money shipping;
  Money total;
  std::optional<std::string> tracking_number;
  std::optional<std::string> carrier;
  std::optional<std::string> cancelled_reason;
  std::optional<Money> refund_amount;
  std::string created_at;
  std::string updated_at;
  std::optional<Customer> customer{};
  std::optional<Address> shipping_address{};
  std::optional<Address> billing_address{};
  std::optional<std::string> cancelled_by{};
  std::optional<std::string> refund_reason{};
  std::vector<StatusChange> status_history{};
  std::optional<std::string> confirmed_at{};
  std::optional<std::string> shipped_at{};
  std::optional<std::string> delivered_at{};
  std::optional<std::string> cancelled_at{};
  std::optional<std::string> refunded_at{};

  friend bool operator==(const Order&, const Order&) = default;
};

/// A webhook event as CartPilot recorded it.
struct WebhookEvent {
  std::string event_id;
  std::string merchant_id;
  std::string event_type;
  std::string payload_hash;
  Json payload = Json::object();
  std::string received_at;
  std::optional<std::string> processed_at{};
  std::string status;  ///< processing, processed, failed
  std::optional<std::string> error_message{};
  std::optional<std::string> correlation_id{};

  friend bool operator==(const WebhookEvent&, const WebhookEvent&) = default;
};

Health parse_health(const Json& json);
Intent parse_intent(const Json& json);
Offer parse_offer(const Json& json);
OfferPage parse_offer_page(const Json& json);
std::vector<Merchant> parse_merchants(const Json& json);
Checkout parse_checkout(const Json& json);
Confirmation parse_confirmation(const Json& json);
Order parse_order(const Json& json);
Page<OrderSummary> parse_order_page(const Json& json);
WebhookEvent parse_webhook_event(const Json& json);

}  // namespace cartpilot::commerce
