#include "purchase/rule_facts.h"

#include "cartpilot/error.h"

namespace cartpilot::purchase {
namespace {

std::optional<std::string> category_in(const commerce::Offer& offer, const std::string& product) {
  for (const commerce::OfferItem& item : offer.items) {
    if (item.product_id == product) return item.category_path;
  }
  return std::nullopt;
}

}  // namespace

RuleFacts facts_about(const commerce::Checkout& checkout, const commerce::Money& total,
                      std::int64_t unix_ms, const PurchaseRules& rules,
                      const commerce::CartPilotClient& client, const CallContext& context) {
  RuleFacts facts{total, checkout.merchant_id, {}, unix_ms};
  facts.categories.resize(checkout.items.size());
  if (!need_categories(rules)) return facts;
  try {
    const commerce::Offer offer = client.get_offer(checkout.offer_id, context).value;
    if (offer.id != checkout.offer_id || offer.merchant_id != checkout.merchant_id) return facts;
    for (std::size_t i = 0; i < checkout.items.size(); ++i) {
      facts.categories[i] = category_in(offer, checkout.items[i].product_id);
    }
  } catch (const commerce::CartPilotError& error) {
    if (error.code == ErrorCode::kCancelled) throw;
  }
  return facts;
}

}  // namespace cartpilot::purchase
