#include "commerce/cartpilot_types.h"

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

Page<Offer> parse_offer_page(const Json& json) { return read_page(json, "offers", read_offer); }

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
  };
}

Page<OrderSummary> parse_order_page(const Json& json) {
  return read_page(json, "orders", read_order_summary);
}

}  // namespace cartpilot::commerce
