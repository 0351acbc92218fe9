#include "sandbox/wire/json_views.h"

#include <algorithm>

namespace cartpilot::sandbox {
namespace {

struct Member {
  const char* key;
  mutable Json value;  // mutable, to be moved out of an initializer list
};

// Braces alone would copy every value, look for equal keys and grow one member at a time.
Json object(std::initializer_list<Member> members) {
  Json result = Json::object();
  Json::object_t::Container& list = result.get_ref<Json::object_t&>();
  list.reserve(members.size());
  for (const Member& member : members) list.emplace_back(member.key, std::move(member.value));
  return result;
}

Json text_or_null(const std::optional<std::string>& text) { return text ? Json(*text) : Json(); }

Json instant_or_null(const std::optional<Micros>& instant) {
  return instant ? Json(format_instant(*instant)) : Json();
}

Json price_or_null(std::int64_t cents) { return cents == 0 ? Json() : price_view(cents); }

template <typename Record, typename View>
Json array_of(const std::vector<Record>& records, View record_view) {
  Json array = Json::array();
  array.get_ref<Json::array_t&>().reserve(records.size());
  for (const Record& record : records) array.push_back(record_view(record));
  return array;
}

Json offer_item_view(const OfferItem& item) {
  return object({{"product_id", item.product_id},
                 {"variant_id", nullptr},
                 {"sku", item.sku},
                 {"title", item.title},
                 {"description", item.description},
                 {"brand", item.brand},
                 {"category_path", item.category_path},
                 {"price", price_view(item.price_cents)},
                 {"quantity_available", item.quantity_available},
                 {"image_url", item.image_url},
                 {"rating", item.rating},
                 {"review_count", item.review_count}});
}

Json checkout_item_view(const LineItem& item) {
  return object({{"product_id", item.product_id},
                 {"variant_id", text_or_null(item.variant_id)},
                 {"sku", item.sku},
                 {"title", item.title},
                 {"unit_price", price_view(item.unit_price_cents)},
                 {"quantity", item.quantity},
                 {"line_total", price_view(item.total_cents())}});
}

Json order_item_view(const LineItem& item) {
  return object({{"product_id", item.product_id},
                 {"variant_id", text_or_null(item.variant_id)},
                 {"sku", item.sku},
                 {"title", item.title},
                 {"quantity", item.quantity},
                 {"unit_price", price_view(item.unit_price_cents)},
                 {"line_total", price_view(item.total_cents())}});
}

Json frozen_item_view(const LineItem& item) {
  return object({{"product_id", item.product_id},
                 {"variant_id", text_or_null(item.variant_id)},
                 {"sku", item.sku},
                 {"title", item.title},
                 {"unit_price_cents", item.unit_price_cents},
                 {"quantity", item.quantity},
                 {"currency", kCurrency}});
}

Json frozen_receipt_view(const std::optional<FrozenReceipt>& receipt) {
  if (!receipt) return nullptr;
  return object({{"hash", receipt->hash},
                 {"items", array_of(receipt->items, frozen_item_view)},
                 {"subtotal_cents", receipt->totals.subtotal_cents},
                 {"tax_cents", receipt->totals.tax_cents},
                 {"shipping_cents", receipt->totals.shipping_cents},
                 {"total_cents", receipt->totals.total_cents},
                 {"currency", kCurrency},
                 {"frozen_at", format_instant_with_offset(receipt->frozen_at)}});
}

Json audit_entry_view(const AuditEntry& entry) {
  return object({{"timestamp", format_instant(entry.timestamp)},
                 {"action", entry.action},
                 {"from_status", entry.from ? Json(name(*entry.from)) : Json()},
                 {"to_status", name(entry.to)},
                 {"actor", text_or_null(entry.actor)},
                 {"details", entry.details}});
}

Json order_event_view(const OrderEvent& event) {
  return object({{"from_status", event.from ? Json(name(*event.from)) : Json()},
                 {"to_status", name(event.to)},
                 {"reason", text_or_null(event.reason)},
                 {"actor", event.actor},
                 {"metadata", event.metadata},
                 {"created_at", format_instant_with_offset(event.created_at)}});
}

// Every order goes to the same person: the service takes no customer data.
Json customer_view() {
  return object({{"email", "customer@example.com"}, {"name", "Test Customer"}, {"phone", nullptr}});
}

Json address_view() {
  return object({{"line1", "123 Test Street"},
                 {"line2", nullptr},
                 {"city", "Test City"},
                 {"state", "CA"},
                 {"postal_code", "12345"},
                 {"country", "US"}});
}

}  // namespace

Json price_view(std::int64_t cents) { return object({{"amount", cents}, {"currency", kCurrency}}); }

Json view(const Intent& intent) {
  return object({{"id", intent.id},
                 {"query", intent.query},
                 {"session_id", text_or_null(intent.session_id)},
                 {"metadata", intent.metadata},
                 {"offers_collected", intent.offers_collected},
                 {"offer_count", intent.offer_count},
                 {"created_at", format_instant(intent.created_at)},
                 {"updated_at", format_instant(intent.updated_at)}});
}

Json view(const Offer& offer) {
  Json lowest;
  Json highest;
  if (!offer.items.empty()) {
    const auto [cheapest, dearest] = std::minmax_element(
        offer.items.begin(), offer.items.end(),
        [](const OfferItem& a, const OfferItem& b) { return a.price_cents < b.price_cents; });
    lowest = price_view(cheapest->price_cents);
    highest = price_view(dearest->price_cents);
  }
  return object(
      {{"id", offer.id},
       {"intent_id", offer.intent_id},
       {"merchant_id", offer.merchant_id},
       {"items", array_of(offer.items, offer_item_view)},
       {"item_count", offer.items.size()},
       {"lowest_price", std::move(lowest)},
       {"highest_price", std::move(highest)},
       {"expires_at", format_instant(offer.expires_at)},
       {"is_expired", false},
       {"metadata", object({{"merchant_name", offer.merchant_name}, {"query", offer.query}})},
       {"created_at", format_instant(offer.created_at)}});
}

Json view(const Checkout& checkout) {
  // The service tells "not quoted yet" from "quoted" by the total alone.
  const bool quoted = checkout.totals.total_cents != 0;
  const auto amount = [quoted](std::int64_t cents) { return quoted ? price_view(cents) : Json(); };
  return object({{"id", checkout.id},
                 {"offer_id", checkout.offer_id},
                 {"merchant_id", checkout.merchant_id},
                 {"status", name(checkout.status)},
                 {"items", array_of(checkout.items, checkout_item_view)},
                 {"subtotal", amount(checkout.totals.subtotal_cents)},
                 {"tax", amount(checkout.totals.tax_cents)},
                 {"shipping", amount(checkout.totals.shipping_cents)},
                 {"total", amount(checkout.totals.total_cents)},
                 {"merchant_checkout_id", text_or_null(checkout.merchant_checkout_id)},
                 {"receipt_hash", text_or_null(checkout.receipt_hash)},
                 {"frozen_receipt", frozen_receipt_view(checkout.frozen_receipt)},
                 {"merchant_order_id", text_or_null(checkout.merchant_order_id)},
                 {"approved_by", text_or_null(checkout.approved_by)},
                 {"approved_at", instant_or_null(checkout.approved_at)},
                 {"confirmed_at", instant_or_null(checkout.confirmed_at)},
                 {"expires_at", format_instant(checkout.expires_at)},
                 {"failure_reason", nullptr},
                 {"audit_trail", array_of(checkout.audit_trail, audit_entry_view)},
                 {"created_at", format_instant(checkout.created_at)},
                 {"updated_at", format_instant(checkout.updated_at)}});
}

Json view(const Order& order) {
  return object({{"id", order.id},
                 {"checkout_id", order.checkout_id},
                 {"merchant_id", order.merchant_id},
                 {"merchant_order_id", text_or_null(order.merchant_order_id)},
                 {"status", name(order.status)},
                 {"customer", customer_view()},
                 {"shipping_address", address_view()},
                 {"billing_address", address_view()},
                 {"items", array_of(order.items, order_item_view)},
                 {"subtotal", price_view(order.totals.subtotal_cents)},
                 {"tax", price_view(order.totals.tax_cents)},
                 {"shipping", price_view(order.totals.shipping_cents)},
                 {"total", price_view(order.totals.total_cents)},
                 {"tracking_number", text_or_null(order.tracking_number)},
                 {"carrier", text_or_null(order.carrier)},
                 {"cancelled_reason", text_or_null(order.cancelled_reason)},
                 {"cancelled_by", text_or_null(order.cancelled_by)},
                 {"refund_amount", price_or_null(order.refund_cents)},
                 {"refund_reason", text_or_null(order.refund_reason)},
                 {"status_history", array_of(order.history, order_event_view)},
                 {"created_at", format_instant(order.created_at)},
                 {"updated_at", format_instant(order.updated_at)},
                 {"confirmed_at", instant_or_null(order.confirmed_at)},
                 {"shipped_at", instant_or_null(order.shipped_at)},
                 {"delivered_at", instant_or_null(order.delivered_at)},
                 {"cancelled_at", instant_or_null(order.cancelled_at)},
                 {"refunded_at", instant_or_null(order.refunded_at)}});
}

Json view(const MerchantSession& session) {
  return object({{"ucp_version", "1.0.0"},
                 {"id", session.id},
                 {"merchant_id", session.merchant_id},
                 {"status", session.status},
                 {"items", array_of(session.items, checkout_item_view)},
                 {"subtotal", price_view(session.totals.subtotal_cents)},
                 {"tax", price_view(session.totals.tax_cents)},
                 {"shipping", price_view(session.totals.shipping_cents)},
                 {"total", price_view(session.totals.total_cents)},
                 {"customer_email", text_or_null(session.customer_email)},
                 {"receipt_hash", session.receipt_hash},
                 {"merchant_order_id", text_or_null(session.merchant_order_id)},
                 {"created_at", format_instant(session.created_at)},
                 {"updated_at", format_instant(session.updated_at)},
                 {"expires_at", format_instant(session.expires_at)},
                 {"failure_reason", text_or_null(session.failure_reason)}});
}

Json summary_view(const Order& order) {
  std::int64_t pieces = 0;
  for (const LineItem& item : order.items) pieces += item.quantity;
  return object({{"id", order.id},
                 {"merchant_id", order.merchant_id},
                 {"merchant_order_id", text_or_null(order.merchant_order_id)},
                 {"status", name(order.status)},
                 {"total", price_view(order.totals.total_cents)},
                 {"item_count", pieces},
                 {"customer_email", "customer@example.com"},
                 {"created_at", format_instant(order.created_at)}});
}

Json confirmation_view(const Checkout& checkout, const std::optional<std::string>& order_id) {
  return object({{"checkout_id", checkout.id},
                 {"merchant_order_id", checkout.merchant_order_id.value_or("")},
                 {"order_id", text_or_null(order_id)},
                 {"status", name(checkout.status)},
                 {"total", price_view(checkout.totals.total_cents)},
                 {"confirmed_at", instant_or_null(checkout.confirmed_at)}});
}

}  // namespace cartpilot::sandbox
