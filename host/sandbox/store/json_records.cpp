#include "sandbox/store/json_records.h"

#include "sandbox/wire/python_json.h"

namespace cartpilot::sandbox {
namespace {

template <typename Record>
Record read(std::string_view text, std::string_view what, Record (*convert)(const Json&)) {
  try {
    return convert(parse_json(text, what, kStoredJson));
  } catch (const Json::exception& e) {
    throw Error(ErrorCode::kProtocol, std::string(what) + " cannot be read: " + json_problem(e));
  }
}

std::string text(const Json& object, const char* key) { return object.at(key).get<std::string>(); }

std::int64_t integer(const Json& object, const char* key) {
  return object.at(key).get<std::int64_t>();
}

std::optional<std::string> optional_text(const Json& object, const char* key) {
  const Json& member = object.at(key);
  if (member.is_null()) return std::nullopt;
  return member.get<std::string>();
}

Micros instant(const Json& object, const char* key) { return parse_instant(text(object, key)); }

std::optional<Micros> optional_instant(const Json& object, const char* key) {
  if (object.at(key).is_null()) return std::nullopt;
  return instant(object, key);
}

// A price of null stands for zero.
std::int64_t cents(const Json& object, const char* key) {
  const Json& price = object.at(key);
  return price.is_null() ? 0 : integer(price, "amount");
}

Totals totals(const Json& object) {
  return {cents(object, "subtotal"), cents(object, "tax"), cents(object, "shipping"),
          cents(object, "total")};
}

template <typename Record>
std::vector<Record> records(const Json& object, const char* key, Record (*convert)(const Json&)) {
  std::vector<Record> result;
  for (const Json& element : object.at(key)) result.push_back(convert(element));
  return result;
}

LineItem line_item(const Json& item) {
  return {text(item, "product_id"), optional_text(item, "variant_id"), text(item, "sku"),
          text(item, "title"),      cents(item, "unit_price"),         integer(item, "quantity")};
}

LineItem frozen_item(const Json& item) {
  return {text(item, "product_id"), optional_text(item, "variant_id"), text(item, "sku"),
          text(item, "title"),      integer(item, "unit_price_cents"), integer(item, "quantity")};
}

std::optional<FrozenReceipt> frozen_receipt(const Json& receipt) {
  if (receipt.is_null()) return std::nullopt;
  return FrozenReceipt{text(receipt, "hash"),
                       records(receipt, "items", frozen_item),
                       {integer(receipt, "subtotal_cents"), integer(receipt, "tax_cents"),
                        integer(receipt, "shipping_cents"), integer(receipt, "total_cents")},
                       instant(receipt, "frozen_at")};
}

AuditEntry audit_entry(const Json& entry) {
  const auto from = optional_text(entry, "from_status");
  return {instant(entry, "timestamp"),
          text(entry, "action"),
          from ? std::optional(checkout_status_from(*from)) : std::nullopt,
          checkout_status_from(text(entry, "to_status")),
          optional_text(entry, "actor"),
          entry.at("details")};
}

OrderStatus order_status(const std::string& status_name) {
  const auto status = find_order_status(status_name);
  if (!status) throw Error(ErrorCode::kProtocol, "not a stored order status: " + status_name);
  return *status;
}

OrderEvent order_event(const Json& event) {
  const auto from = optional_text(event, "from_status");
  return {from ? std::optional(order_status(*from)) : std::nullopt,
          order_status(text(event, "to_status")),
          optional_text(event, "reason"),
          text(event, "actor"),
          event.at("metadata"),
          instant(event, "created_at")};
}

Intent intent(const Json& value) {
  return {text(value, "id"),
          text(value, "query"),
          optional_text(value, "session_id"),
          value.at("metadata"),
          value.at("offers_collected").get<bool>(),
          integer(value, "offer_count"),
          instant(value, "created_at"),
          instant(value, "updated_at")};
}

Checkout checkout(const Json& value) {
  return {text(value, "id"),
          text(value, "offer_id"),
          text(value, "merchant_id"),
          checkout_status_from(text(value, "status")),
          records(value, "items", line_item),
          totals(value),
          optional_text(value, "merchant_checkout_id"),
          optional_text(value, "receipt_hash"),
          frozen_receipt(value.at("frozen_receipt")),
          optional_text(value, "merchant_order_id"),
          optional_text(value, "approved_by"),
          optional_instant(value, "approved_at"),
          optional_instant(value, "confirmed_at"),
          instant(value, "expires_at"),
          records(value, "audit_trail", audit_entry),
          instant(value, "created_at"),
          instant(value, "updated_at")};
}

Order order(const Json& value) {
  return {text(value, "id"),
          text(value, "checkout_id"),
          text(value, "merchant_id"),
          optional_text(value, "merchant_order_id"),
          order_status(text(value, "status")),
          records(value, "items", line_item),
          totals(value),
          optional_text(value, "tracking_number"),
          optional_text(value, "carrier"),
          optional_text(value, "cancelled_reason"),
          optional_text(value, "cancelled_by"),
          cents(value, "refund_amount"),
          optional_text(value, "refund_reason"),
          records(value, "status_history", order_event),
          instant(value, "created_at"),
          instant(value, "updated_at"),
          optional_instant(value, "confirmed_at"),
          optional_instant(value, "shipped_at"),
          optional_instant(value, "delivered_at"),
          optional_instant(value, "cancelled_at"),
          optional_instant(value, "refunded_at")};
}

MerchantSession merchant_session(const Json& value) {
  return {text(value, "id"),
          text(value, "merchant_id"),
          text(value, "status"),
          records(value, "items", line_item),
          totals(value),
          text(value, "receipt_hash"),
          optional_text(value, "customer_email"),
          optional_text(value, "merchant_order_id"),
          optional_text(value, "failure_reason"),
          instant(value, "created_at"),
          instant(value, "updated_at"),
          instant(value, "expires_at")};
}

}  // namespace

Intent intent_from(std::string_view text) { return read(text, "stored intent", intent); }
Checkout checkout_from(std::string_view text) { return read(text, "stored checkout", checkout); }
Order order_from(std::string_view text) { return read(text, "stored order", order); }
MerchantSession merchant_session_from(std::string_view text) {
  return read(text, "stored merchant session", merchant_session);
}

}  // namespace cartpilot::sandbox
