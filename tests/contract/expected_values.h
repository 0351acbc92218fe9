// What the answers in the fixtures say, as typed values.
//
// Each function returns a fresh value that a test may change.
#pragma once

#include "commerce/types.h"

namespace cartpilot::commerce {

inline Money usd(std::int64_t cents) { return {cents, "USD"}; }

inline Checkout created_checkout() {
  return {.id = "5a1d2c3b-0f0e-4d0c-8b0a-090807060504",
          .offer_id = "11f6c1de-7b9a-4c55-9d2e-3a4b5c6d7e8f",
          .merchant_id = "merchant-a",
          .status = "created",
          .items = {},
          .subtotal = std::nullopt,
          .tax = std::nullopt,
          .shipping = std::nullopt,
          .total = std::nullopt,
          .merchant_checkout_id = std::nullopt,
          .receipt_hash = std::nullopt,
          .frozen_receipt = std::nullopt,
          .merchant_order_id = std::nullopt,
          .approved_by = std::nullopt,
          .expires_at = "2026-11-24T09:00:00.000001Z",
          .created_at = "2026-11-23T09:00:00.000002Z",
          .updated_at = "2026-11-23T09:00:00.000003Z",
          .audit_trail = {{.timestamp = "2026-11-23T09:00:00.000004Z",
                           .action = "checkout_created",
                           .from_status = std::nullopt,
                           .to_status = "created",
                           .actor = std::nullopt,
                           .details = {{"offer_id", "11f6c1de-7b9a-4c55-9d2e-3a4b5c6d7e8f"},
                                       {"merchant_id", "merchant-a"}}}}};
}

inline Checkout quoted_checkout() {
  Checkout checkout = created_checkout();
  checkout.status = "quoted";
  checkout.items = {{.product_id = "b7e1f0a2c3d4e5f60718293a4b5c6d7e",
                     .variant_id = "9f8e7d6c",
                     .sku = "DES-0900-002-GRE",
                     .title = "Umbrella Desk Lamp",
                     .unit_price = usd(2499),
                     .quantity = 2,
                     .line_total = usd(4998)},
                    {.product_id = "00112233445566778899aabbccddeeff",
                     .variant_id = std::nullopt,
                     .sku = "BOO-1000-001",
                     .title = "Globex B\xC3\xBC"
                              "cher",
                     .unit_price = usd(1299),
                     .quantity = 1,
                     .line_total = usd(1299)}};
  checkout.subtotal = usd(6297);
  checkout.tax = usd(503);
  checkout.shipping = usd(0);
  checkout.total = usd(6800);
  checkout.merchant_checkout_id = "77777777-1111-4222-8333-444444444444";
  checkout.receipt_hash = "0123456789abcdef";
  return checkout;
}

inline Checkout frozen_checkout() {
  Checkout checkout = quoted_checkout();
  checkout.status = "awaiting_approval";
  checkout.frozen_receipt =
      FrozenReceipt{.hash = "fedcba9876543210",
                    .items = {{.product_id = "b7e1f0a2c3d4e5f60718293a4b5c6d7e",
                               .variant_id = "9f8e7d6c",
                               .sku = "DES-0900-002-GRE",
                               .title = "Umbrella Desk Lamp",
                               .unit_price_cents = 2499,
                               .quantity = 2,
                               .currency = "USD"},
                              {.product_id = "00112233445566778899aabbccddeeff",
                               .variant_id = std::nullopt,
                               .sku = "BOO-1000-001",
                               .title = "Globex B\xC3\xBC"
                                        "cher",
                               .unit_price_cents = 1299,
                               .quantity = 1,
                               .currency = "USD"}},
                    .subtotal_cents = 6297,
                    .tax_cents = 503,
                    .shipping_cents = 0,
                    .total_cents = 6800,
                    .currency = "USD",
                    .frozen_at = "2026-11-23T09:00:01.000004+00:00"};
  return checkout;
}

inline Offer lamp_offer() {
  return {.id = "11f6c1de-7b9a-4c55-9d2e-3a4b5c6d7e8f",
          .intent_id = "aa11bb22-cc33-4d44-8e55-ff6677889900",
          .merchant_id = "merchant-a",
          .items = {{.product_id = "b7e1f0a2c3d4e5f60718293a4b5c6d7e",
                     .variant_id = std::nullopt,
                     .sku = "DES-0900-002",
                     .title = "Umbrella Desk Lamp",
                     .description = "Bright and quiet.",
                     .brand = "Umbrella",
                     .category_path = "Home > Lamps",
                     .price = usd(2499),
                     .quantity_available = 61,
                     .image_url = "https://images.example/lamp.png",
                     .rating = 4.0,
                     .review_count = 88}},
          .lowest_price = usd(2499),
          .highest_price = usd(2499),
          .expires_at = "2026-11-23T10:00:00Z",
          .is_expired = false,
          .metadata = {{"merchant_name", "Merchant A"}, {"query", "desk lamp"}},
          .created_at = "2026-11-23T09:00:00.120000Z"};
}

inline Intent lamp_intent() {
  return {.id = "aa11bb22-cc33-4d44-8e55-ff6677889900",
          .query = "desk lamp",
          .session_id = "conversation-1",
          .metadata = Json::object(),
          .offers_collected = false,
          .offer_count = 0,
          .created_at = "2026-11-23T09:00:00.000001Z",
          .updated_at = "2026-11-23T09:00:00.000003Z"};
}

inline Order lamp_order(const std::string& status) {
  return {.id = "0d0e0f10-1112-4314-9516-171819202122",
          .checkout_id = "5a1d2c3b-0f0e-4d0c-8b0a-090807060504",
          .merchant_id = "merchant-a",
          .merchant_order_id = "ORD-20261123090002-0A1B2C3D",
          .status = status,
          .items = {{.product_id = "b7e1f0a2c3d4e5f60718293a4b5c6d7e",
                     .variant_id = "9f8e7d6c",
                     .sku = "DES-0900-002-GRE",
                     .title = "Umbrella Desk Lamp",
                     .quantity = 2,
                     .unit_price = usd(2499),
                     .line_total = usd(4998)}},
          .subtotal = usd(4998),
          .tax = usd(399),
          .shipping = usd(999),
          .total = usd(6396),
          .tracking_number = std::nullopt,
          .carrier = std::nullopt,
          .cancelled_reason = std::nullopt,
          .refund_amount = std::nullopt,
          .created_at = "2026-11-23T09:00:02.500000Z",
          .updated_at = "2026-11-23T09:00:02.500000Z",
          .customer = Customer{.email = "customer@example.com", .name = "Ann"},
          .shipping_address = Address{.line1 = "1 Harbour Road",
                                      .city = "Porttown",
                                      .postal_code = "10001",
                                      .country = "US"},
          .status_history = {{.from_status = std::nullopt,
                              .to_status = "pending",
                              .reason = "Order created from checkout",
                              .actor = "system",
                              .metadata = Json::object(),
                              .created_at = "2026-11-23T09:00:02.500000+00:00"}}};
}

}  // namespace cartpilot::commerce
