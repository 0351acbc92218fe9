// Bodies as CartPilot sends them: constructed from the published REST contract.
//
// Each function returns a fresh value that a test may change.
#pragma once

#include "cartpilot/json.h"

namespace cartpilot::fakes {

inline Json price(std::int64_t cents) { return {{"amount", cents}, {"currency", "USD"}}; }

inline Json intent_body() {
  return parse_json(R"({"id":"int-1","query":"lamp","session_id":null,"metadata":{"n":1.5},
    "offers_collected":false,"offer_count":0,"created_at":"2026-11-23T00:48:13.685386Z",
    "updated_at":"2026-11-23T00:48:13.685388Z"})");
}

inline Json offer_body() {
  return parse_json(R"({"id":"off-1","intent_id":"int-1","merchant_id":"merchant-a","items":[
    {"product_id":"p1","variant_id":null,"sku":"LAM-1","title":"Lamp","description":null,
     "brand":"Acme","category_path":"Home > Lamps","price":{"amount":2499,"currency":"USD"},
     "quantity_available":7,"image_url":null,"rating":4.0,"review_count":12}],
    "item_count":1,"lowest_price":{"amount":2499,"currency":"USD"},
    "highest_price":{"amount":2499,"currency":"USD"},"expires_at":"2026-11-23T01:48:34.179232Z",
    "is_expired":false,"metadata":{"merchant_name":"Merchant A","query":"lamp"},
    "created_at":"2026-11-23T00:48:34.179266Z"})");
}

inline Json created_checkout_body() {
  return parse_json(R"({"id":"chk-1","offer_id":"off-1","merchant_id":"merchant-a",
    "status":"created","items":[],"subtotal":null,"tax":null,"shipping":null,"total":null,
    "merchant_checkout_id":null,"receipt_hash":null,"frozen_receipt":null,
    "merchant_order_id":null,"approved_by":null,"approved_at":null,"confirmed_at":null,
    "expires_at":"2026-11-24T00:49:28.023294Z","failure_reason":null,"audit_trail":[],
    "created_at":"2026-11-23T00:49:28.023316Z","updated_at":"2026-11-23T00:49:28.023318Z"})");
}

inline Json frozen_checkout_body() {
  Json body = created_checkout_body();
  body.update(parse_json(R"({"status":"awaiting_approval","items":[{"product_id":"p1",
    "variant_id":"v1","sku":"LAM-1-RED","title":"Lamp",
    "unit_price":{"amount":2499,"currency":"USD"},"quantity":2,
    "line_total":{"amount":4998,"currency":"USD"}}],
    "subtotal":{"amount":4998,"currency":"USD"},"tax":{"amount":399,"currency":"USD"},
    "shipping":{"amount":999,"currency":"USD"},"total":{"amount":6396,"currency":"USD"},
    "merchant_checkout_id":"mer-1","receipt_hash":"b846397939c0dbe0",
    "frozen_receipt":{"hash":"150a5ae16e1d1447","items":[{"product_id":"p1","variant_id":"v1",
      "sku":"LAM-1-RED","title":"Lamp","unit_price_cents":2499,"quantity":2,"currency":"USD"}],
      "subtotal_cents":4998,"tax_cents":399,"shipping_cents":999,"total_cents":6396,
      "currency":"USD","frozen_at":"2026-11-23T00:49:28.542064+00:00"}})"));
  return body;
}

inline Json confirmation_body() {
  return parse_json(R"({"checkout_id":"chk-1","merchant_order_id":"ORD-20261123004928-7700DA0F",
    "order_id":"ord-1","status":"confirmed","total":{"amount":6396,"currency":"USD"},
    "confirmed_at":"2026-11-23T00:49:28.708055Z"})");
}

inline Json order_body() {
  return parse_json(R"({"id":"ord-1","checkout_id":"chk-1","merchant_id":"merchant-a",
    "merchant_order_id":"ORD-20261123004928-7700DA0F","status":"pending",
    "customer":{"email":"customer@example.com","name":null,"phone":null},
    "shipping_address":{"line1":"1 Road","line2":null,"city":"Town","state":null,
      "postal_code":"12345","country":"US"},"billing_address":null,
    "items":[{"product_id":"p1","variant_id":null,"sku":null,"title":"Lamp","quantity":2,
      "unit_price":{"amount":2499,"currency":"USD"},"line_total":{"amount":4998,"currency":"USD"}}],
    "subtotal":{"amount":4998,"currency":"USD"},"tax":{"amount":399,"currency":"USD"},
    "shipping":{"amount":999,"currency":"USD"},"total":{"amount":6396,"currency":"USD"},
    "tracking_number":null,"carrier":null,"cancelled_reason":null,"cancelled_by":null,
    "refund_amount":null,"refund_reason":null,"status_history":[],
    "created_at":"2026-11-23T00:50:40.341281Z","updated_at":"2026-11-23T00:50:40.341281Z",
    "confirmed_at":null,"shipped_at":null,"delivered_at":null,"cancelled_at":null,
    "refunded_at":null})");
}

inline Json order_page_body() {
  return parse_json(R"({"total":1,"page":1,"page_size":20,"has_more":false,"items":[
    {"id":"ord-1","merchant_id":"merchant-a","merchant_order_id":null,"status":"pending",
     "total":{"amount":6396,"currency":"USD"},"item_count":2,
     "customer_email":"customer@example.com","created_at":"2026-11-23T00:49:28.708327Z"}]})");
}

}  // namespace cartpilot::fakes
