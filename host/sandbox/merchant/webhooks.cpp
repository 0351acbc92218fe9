#include "sandbox/merchant/webhooks.h"

#include "base/random.h"
#include "sandbox/service/identifiers.h"

namespace cartpilot::sandbox {
namespace {

Json sold_items(const MerchantSession& session) {
  Json items = Json::array();
  for (const LineItem& item : session.items) {
    items.push_back({{"product_id", item.product_id},
                     {"variant_id", item.variant_id ? Json(*item.variant_id) : Json()},
                     {"sku", item.sku},
                     {"title", item.title},
                     {"quantity", item.quantity},
                     {"unit_price", item.unit_price_cents}});
  }
  return items;
}

}  // namespace

void MerchantWebhooks::announce_quote(const MerchantSession& session) {
  announce("checkout.quoted", session,
           {{"checkout_id", session.id},
            {"total", session.totals.total_cents},
            {"currency", kCurrency},
            {"receipt_hash", session.receipt_hash}});
}

void MerchantWebhooks::announce_sale(const MerchantSession& session) {
  const std::string sold_at = format_instant_with_offset(session.updated_at);
  announce("checkout.confirmed", session,
           {{"checkout_id", session.id},
            {"merchant_order_id", session.merchant_order_id.value_or("")},
            {"total", session.totals.total_cents},
            {"currency", kCurrency},
            {"confirmed_at", sold_at}});
  announce("order.created", session,
           {{"checkout_id", session.id},
            {"merchant_order_id", session.merchant_order_id.value_or("")},
            {"total", session.totals.total_cents},
            {"currency", kCurrency},
            {"items", sold_items(session)},
            {"created_at", sold_at}});
}

void MerchantWebhooks::announce(const char* type, const MerchantSession& session, Json data) {
  OutgoingWebhook webhook;
  webhook.merchant_id = merchant_id_;
  webhook.event_id = base::random_uuid();
  webhook.body = dump_json({{"event_id", webhook.event_id},
                            {"event_type", type},
                            {"merchant_id", merchant_id_},
                            {"timestamp", format_instant(clock_())},
                            {"data", std::move(data)},
                            {"ucp_version", "1.0.0"}});
  const auto log = [&](Scenario scenario, Json more) {
    Json details = {{"event_type", type}, {"event_id", webhook.event_id}};
    details.update(more);
    chaos_->log(scenario, session.id, std::move(details));
  };
  if (chaos_ != nullptr && chaos_->strikes(Scenario::kDuplicateWebhook)) {
    webhook.copies = chaos_->config().duplicate_webhook_count;
    log(Scenario::kDuplicateWebhook, {{"duplicate_count", webhook.copies}});
  }
  if (chaos_ != nullptr && chaos_->strikes(Scenario::kDelayedWebhook)) {
    webhook.delay_seconds = chaos_->config().webhook_delay_seconds;
    log(Scenario::kDelayedWebhook, {{"delay_seconds", webhook.delay_seconds}});
  }
  if (chaos_ != nullptr && chaos_->strikes(Scenario::kOutOfOrderWebhook)) {
    log(Scenario::kOutOfOrderWebhook, Json::object());
    held_.push_back(std::move(webhook));
    return;
  }
  outbox_.push_back(std::move(webhook));
  // What was held back follows the event that overtook it.
  flush();
}

std::size_t MerchantWebhooks::flush() {
  const std::size_t count = held_.size();
  for (; !held_.empty(); held_.pop_back()) outbox_.push_back(std::move(held_.back()));
  return count;
}

}  // namespace cartpilot::sandbox
