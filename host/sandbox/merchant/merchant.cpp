#include "sandbox/merchant/merchant.h"

#include <fmt/format.h>

#include "base/random.h"
#include "sandbox/service/identifiers.h"
#include "sandbox/wire/refusal.h"

namespace cartpilot::sandbox {
namespace {

constexpr std::int64_t kTaxPercent = 8;
constexpr std::int64_t kFreeShippingFromCents = 5000;
constexpr std::int64_t kShippingCents = 999;

Totals add_up(const std::vector<LineItem>& items) {
  Totals totals;
  for (const LineItem& item : items) totals.subtotal_cents += item.total_cents();
  totals.tax_cents = totals.subtotal_cents * kTaxPercent / 100;
  totals.shipping_cents = totals.subtotal_cents >= kFreeShippingFromCents ? 0 : kShippingCents;
  totals.total_cents = totals.subtotal_cents + totals.tax_cents + totals.shipping_cents;
  return totals;
}

std::string receipt_hash(const MerchantSession& session) {
  std::string text = fmt::format("{}|{}|{}|", session.id, session.totals.total_cents, kCurrency);
  const char* separator = "";
  for (const LineItem& item : session.items) {
    text += fmt::format("{}{}:{}:{}:{}", separator, item.product_id, item.variant_id.value_or(""),
                        item.quantity, item.unit_price_cents);
    separator = ",";
  }
  return short_hash(text);
}

std::string dollars(std::int64_t cents) {
  return fmt::format("${}.{:02}", cents / 100, cents % 100);
}

void append(std::string& list, const std::string& element) {
  if (!list.empty()) list += ", ";
  list += element;
}

}  // namespace

Merchant::Merchant(Profile profile, SandboxStore& store, const Clock& clock,
                   std::uint64_t chaos_seed, std::vector<OutgoingWebhook>& outbox)
    : profile_(std::move(profile)),
      store_(store),
      clock_(clock),
      catalogue_(profile_.id, profile_.seed, profile_.stock),
      chaos_(profile_.has_chaos ? std::make_unique<Chaos>(store, clock, chaos_seed) : nullptr),
      webhooks_(profile_.id, chaos_.get(), clock, outbox) {
  apply_stored_goods();
}

LineItem Merchant::price(const ItemRequest& item) const {
  const Product* product = catalogue_.find(item.product_id);
  if (product == nullptr) {
    throw MerchantRefusal(400, "QUOTE_FAILED", "Product not found: " + item.product_id);
  }
  LineItem line{product->id,    item.variant_id,      product->sku,
                product->title, product->price_cents, item.quantity};
  if (!has_stock(line)) {
    throw MerchantRefusal(400, "QUOTE_FAILED", "Insufficient stock for product: " + product->id);
  }
  if (item.variant_id) line.sku += catalogue_.find_variant(*item.variant_id)->sku_suffix;
  return line;
}

bool Merchant::has_stock(const LineItem& item) const {
  const Product* product = catalogue_.find(item.product_id);
  if (product == nullptr || !product->in_stock) return false;
  if (!item.variant_id) return product->stock >= item.quantity;
  const Variant* variant = catalogue_.find_variant(*item.variant_id);
  return variant != nullptr && variant->stock >= item.quantity;
}

MerchantSession Merchant::quote(const std::vector<ItemRequest>& items,
                                const std::optional<std::string>& customer_email,
                                const std::optional<std::string>& key) {
  if (key) {
    if (auto known = store_.find_session_by_key(profile_.id, *key)) return *known;
  }
  MerchantSession session;
  session.id = base::random_uuid();
  session.merchant_id = profile_.id;
  session.status = "quoted";
  for (const ItemRequest& item : items) session.items.push_back(price(item));
  session.totals = add_up(session.items);
  session.receipt_hash = receipt_hash(session);
  session.customer_email = customer_email;
  session.created_at = clock_();
  session.updated_at = session.created_at;
  session.expires_at = session.created_at + kDay;
  store_.add(session, key);
  webhooks_.announce_quote(session);
  return session;
}

MerchantSession Merchant::find(const std::string& session_id) {
  std::optional<MerchantSession> found = store_.find_session(session_id);
  if (!found || found->merchant_id != profile_.id) {
    throw MerchantRefusal(404, "CHECKOUT_NOT_FOUND", "Checkout not found: " + session_id);
  }
  return std::move(*found);
}

MerchantSession Merchant::session(const std::string& session_id) {
  MerchantSession session = find(session_id);
  if (session.status == "quoted" && clock_() > session.expires_at) {
    session.status = "expired";
    session.updated_at = clock_();
    store_.save(session);
  }
  return session;
}

MerchantSession Merchant::confirm(const std::string& session_id) {
  MerchantSession session = find(session_id);
  if (session.status == "confirmed") return session;
  if (session.status == "expired" || clock_() > session.expires_at) {
    throw MerchantRefusal(400, "CHECKOUT_EXPIRED", "Checkout has expired: " + session_id);
  }
  if (session.status != "quoted") {
    throw MerchantRefusal(409, "INVALID_STATE",
                          "Cannot confirm checkout in state: " + session.status);
  }
  let_chaos_strike(session);
  std::string sold_out;
  std::string changes;
  for (const LineItem& item : session.items) {
    if (!has_stock(item)) append(sold_out, item.product_id.substr(0, 8));
    const Product* product = catalogue_.find(item.product_id);
    if (product != nullptr && product->price_cents != item.unit_price_cents) {
      append(changes, dollars(item.unit_price_cents) + " -> " + dollars(product->price_cents));
    }
  }
  if (!sold_out.empty()) fail(session, "OUT_OF_STOCK", "Items out of stock: " + sold_out);
  if (!changes.empty()) {
    fail(session, "PRICE_CHANGED", "Price changed: " + changes + ", re-quote required");
  }
  const Micros now = clock_();
  session.status = "confirmed";
  session.merchant_order_id = new_order_number(now);
  session.updated_at = now;
  store_.save(session);
  webhooks_.announce_sale(session);
  return session;
}

// For each item the price first, then the stock; both changes stay.
void Merchant::let_chaos_strike(const MerchantSession& session) {
  if (!chaos_) return;
  for (const LineItem& item : session.items) {
    if (catalogue_.find(item.product_id) == nullptr) continue;
    if (chaos_->strikes(Scenario::kPriceChange)) {
      const PriceChange change = shift_price(item.product_id, true);
      chaos_->log(Scenario::kPriceChange, session.id,
                  {{"product_id", item.product_id},
                   {"old_price", change.old_cents},
                   {"new_price", change.new_cents}});
    }
    if (chaos_->strikes(Scenario::kOutOfStock)) {
      sell_out(item);
      chaos_->log(Scenario::kOutOfStock, session.id,
                  {{"product_id", item.product_id},
                   {"variant_id", item.variant_id ? Json(*item.variant_id) : Json()}});
    }
  }
}

void Merchant::fail(MerchantSession& session, const std::string& reason,
                    const std::string& message) {
  session.status = "failed";
  session.failure_reason = reason;
  session.updated_at = clock_();
  store_.save(session);
  throw MerchantRefusal(409, reason, message);
}

// The addresses are the service's own defaults: clients only show them.
Merchant::Profile merchant_a_profile() {
  return {
      "merchant-a", "Merchant A", "http://127.0.0.1:8001", 42, {{50, 200}, {20, 100}, {10, 50}}};
}

Merchant::Profile merchant_b_profile() {
  return {"merchant-b", "Merchant B", "http://127.0.0.1:8002", 43, {{1, 15}, {0, 8}, {0, 5}}, true};
}

}  // namespace cartpilot::sandbox
