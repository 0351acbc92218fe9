#include "commerce/types.h"

#include "commerce/json_fields.h"

namespace cartpilot::commerce {
namespace {

OfferItem read_offer_item(const JsonFields& item) {
  return {
      .product_id = item.text("product_id"),
      .variant_id = item.optional_text("variant_id"),
      .sku = item.optional_text("sku"),
      .title = item.text("title"),
      .description = item.optional_text("description"),
      .brand = item.optional_text("brand"),
      .category_path = item.optional_text("category_path"),
      .price = item.money("price"),
      .quantity_available = item.integer("quantity_available"),
      .image_url = item.optional_text("image_url"),
      .rating = item.optional_number("rating"),
      .review_count = item.optional_integer("review_count"),
  };
}

Offer read_offer(const JsonFields& offer) {
  return {
      .id = offer.text("id"),
      .intent_id = offer.text("intent_id"),
      .merchant_id = offer.text("merchant_id"),
      .items = offer.list("items", read_offer_item),
      .lowest_price = offer.optional_money("lowest_price"),
      .highest_price = offer.optional_money("highest_price"),
      .expires_at = offer.optional_text("expires_at"),
      .is_expired = offer.flag("is_expired"),
      .metadata = offer.free_object("metadata"),
      .created_at = offer.text("created_at"),
  };
}

AuditEntry read_audit_entry(const JsonFields& entry) {
  return {
      .timestamp = entry.text("timestamp"),
      .action = entry.text("action"),
      .from_status = entry.optional_text("from_status"),
      .to_status = entry.optional_text("to_status"),
      .actor = entry.optional_text("actor"),
      .details = entry.free_object("details"),
  };
}

StatusChange read_status_change(const JsonFields& change) {
  return {
      .from_status = change.optional_text("from_status"),
      .to_status = change.text("to_status"),
      .reason = change.optional_text("reason"),
      .actor = change.optional_text("actor"),
      .metadata = change.free_object("metadata"),
      .created_at = change.text("created_at"),
  };
}

std::optional<Customer> read_customer(const JsonFields& order) {
  const auto customer = order.optional_object("customer");
  if (!customer) return std::nullopt;
  return Customer{
      .email = customer->text("email"),
      .name = customer->optional_text("name"),
      .phone = customer->optional_text("phone"),
  };
}

std::optional<Address> read_address(const JsonFields& order, const char* key) {
  const auto address = order.optional_object(key);
  if (!address) return std::nullopt;
  return Address{
      .line1 = address->text("line1"),
      .line2 = address->optional_text("line2"),
      .city = address->text("city"),
      .state = address->optional_text("state"),
      .postal_code = address->text("postal_code"),
      .country = address->text("country"),
  };
}

Merchant read_merchant(const JsonFields& merchant) {
  return {
      .id = merchant.text("id"),
      .name = merchant.text("name"),
      .url = merchant.text("url"),
      .enabled = merchant.flag("enabled"),
  };
}

CheckoutItem read_checkout_item(const JsonFields& item) {
  return {
      .product_id = item.text("product_id"),
      .variant_id = item.optional_text("variant_id"),
      .sku = item.text("sku"),
      .title = item.text("title"),
      .unit_price = item.money("unit_price"),
      .quantity = item.integer("quantity"),
      .line_total = item.money("line_total"),
  };
}

FrozenReceipt::Item read_frozen_item(const JsonFields& item) {
  return {
      .product_id = item.text("product_id"),
      .variant_id = item.optional_text("variant_id"),
      .sku = item.text("sku"),
      .title = item.text("title"),
      .unit_price_cents = item.integer("unit_price_cents"),
      .quantity = item.integer("quantity"),
      .currency = item.currency("currency"),
  };
}

FrozenReceipt read_frozen_receipt(const JsonFields& receipt) {
  return {
      .hash = receipt.text("hash"),
      .items = receipt.list("items", read_frozen_item),
      .subtotal_cents = receipt.integer("subtotal_cents"),
      .tax_cents = receipt.integer("tax_cents"),
      .shipping_cents = receipt.integer("shipping_cents"),
      .total_cents = receipt.integer("total_cents"),
      .currency = receipt.currency("currency"),
      .frozen_at = receipt.text("frozen_at"),
  };
}

OrderItem read_order_item(const JsonFields& item) {
  return {
      .product_id = item.text("product_id"),
      .variant_id = item.optional_text("variant_id"),
      .sku = item.optional_text("sku"),
      .title = item.text("title"),
      .quantity = item.integer("quantity"),
      .unit_price = item.money("unit_price"),
      .line_total = item.money("line_total"),
  };
}

OrderSummary read_order_summary(const JsonFields& order) {
  return {
      .id = order.text("id"),
      .merchant_id = order.text("merchant_id"),
      .merchant_order_id = order.optional_text("merchant_order_id"),
      .status = order.text("status"),
      .total = order.money("total"),
      .item_count = order.integer("item_count"),
      .customer_email = order.text("customer_email"),
      .created_at = order.text("created_at"),
  };
}

template <typename Item>
Page<Item> read_page(const Json& json, const char* name, Item (*read)(const JsonFields&)) {
  const JsonFields page(json, name);
  return {
      .total = page.integer("total"),
      .page = page.integer("page"),
      .page_size = page.integer("page_size"),
      .has_more = page.flag("has_more"),
      .items = page.list("items", read),
  };
}

}  // namespace

Health parse_health(const Json& json) {
  const JsonFields health(json, "health");
  return {
      .status = health.text("status"),
      .service = health.optional_text("service").value_or(""),
      .version = health.optional_text("version").value_or(""),
  };
}

Intent parse_intent(const Json& json) {
  const JsonFields intent(json, "intent");
  return {
      .id = intent.text("id"),
      .query = intent.text("query"),
      .session_id = intent.optional_text("session_id"),
      .metadata = intent.free_object("metadata"),
      .offers_collected = intent.flag("offers_collected"),
      .offer_count = intent.integer("offer_count"),
      .created_at = intent.text("created_at"),
      .updated_at = intent.text("updated_at"),
  };
}

Offer parse_offer(const Json& json) { return read_offer(JsonFields(json, "offer")); }

OfferPage parse_offer_page(const Json& json) {
  OfferPage page;
  static_cast<Page<Offer>&>(page) = read_page(json, "offers", read_offer);
  page.intent_id = JsonFields(json, "offers").optional_text("intent_id").value_or("");
  return page;
}

std::vector<Merchant> parse_merchants(const Json& json) {
  return JsonFields(json, "answer").list("merchants", read_merchant);
}

Checkout parse_checkout(const Json& json) {
  const JsonFields checkout(json, "checkout");
  std::optional<FrozenReceipt> frozen_receipt;
  if (const auto receipt = checkout.optional_object("frozen_receipt")) {
    frozen_receipt = read_frozen_receipt(*receipt);
  }
  return {
      .id = checkout.text("id"),
      .offer_id = checkout.text("offer_id"),
      .merchant_id = checkout.text("merchant_id"),
      .status = checkout.text("status"),
      .items = checkout.list("items", read_checkout_item),
      .subtotal = checkout.optional_money("subtotal"),
      .tax = checkout.optional_money("tax"),
      .shipping = checkout.optional_money("shipping"),
      .total = checkout.optional_money("total"),
      .merchant_checkout_id = checkout.optional_text("merchant_checkout_id"),
      .receipt_hash = checkout.optional_text("receipt_hash"),
      .frozen_receipt = std::move(frozen_receipt),
      .merchant_order_id = checkout.optional_text("merchant_order_id"),
      .approved_by = checkout.optional_text("approved_by"),
      .expires_at = checkout.text("expires_at"),
      .created_at = checkout.text("created_at"),
      .updated_at = checkout.text("updated_at"),
      .approved_at = checkout.optional_text("approved_at"),
      .confirmed_at = checkout.optional_text("confirmed_at"),
      .failure_reason = checkout.optional_text("failure_reason"),
      .audit_trail = checkout.optional_list("audit_trail", read_audit_entry),
  };
}

Confirmation parse_confirmation(const Json& json) {
  const JsonFields confirmation(json, "confirmation");
  return {
      .checkout_id = confirmation.text("checkout_id"),
      .merchant_order_id = confirmation.text("merchant_order_id"),
      .order_id = confirmation.optional_text("order_id"),
      .status = confirmation.text("status"),
      .total = confirmation.money("total"),
      .confirmed_at = confirmation.text("confirmed_at"),
  };
}

Order parse_order(const Json& json) {
  const JsonFields order(json, "order");
  return {
      .id = order.text("id"),
      .checkout_id = order.text("checkout_id"),
      .merchant_id = order.text("merchant_id"),
      .merchant_order_id = order.optional_text("merchant_order_id"),
      .status = order.text("status"),
      .items = order.list("items", read_order_item),
      .subtotal = order.money("subtotal"),
      .tax = order.money("tax"),
      .shipping = order.money("shipping"),
      .total = order.money("total"),
      .tracking_number = order.optional_text("tracking_number"),
      .carrier = order.optional_text("carrier"),
      .cancelled_reason = order.optional_text("cancelled_reason"),
      .refund_amount = order.optional_money("refund_amount"),
      .created_at = order.text("created_at"),
      .updated_at = order.text("updated_at"),
      .customer = read_customer(order),
      .shipping_address = read_address(order, "shipping_address"),
      .billing_address = read_address(order, "billing_address"),
      .cancelled_by = order.optional_text("cancelled_by"),
      .refund_reason = order.optional_text("refund_reason"),
      .status_history = order.optional_list("status_history", read_status_change),
      .confirmed_at = order.optional_text("confirmed_at"),
      .shipped_at = order.optional_text("shipped_at"),
      .delivered_at = order.optional_text("delivered_at"),
      .cancelled_at = order.optional_text("cancelled_at"),
      .refunded_at = order.optional_text("refunded_at"),
  };
}

Page<OrderSummary> parse_order_page(const Json& json) {
  return read_page(json, "orders", read_order_summary);
}

WebhookEvent parse_webhook_event(const Json& json) {
  const JsonFields event(json, "event");
  return {
      .event_id = event.text("event_id"),
      .merchant_id = event.text("merchant_id"),
      .event_type = event.text("event_type"),
      .payload_hash = event.text("payload_hash"),
      .payload = event.free_object("payload"),
      .received_at = event.text("received_at"),
      .processed_at = event.optional_text("processed_at"),
      .status = event.text("status"),
      .error_message = event.optional_text("error_message"),
      .correlation_id = event.optional_text("correlation_id"),
  };
}

}  // namespace cartpilot::commerce
