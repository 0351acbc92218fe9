#include "sandbox/intent_service.h"

#include <algorithm>

#include "sandbox/identifiers.h"
#include "sandbox/offer_search.h"
#include "sandbox/refusal.h"

namespace cartpilot::sandbox {
namespace {

OfferItem offer_item(const Product& product) {
  return {product.id,        product.sku,           product.title,       product.description,
          product.brand,     product.category_path, product.price_cents, product.stock,
          product.image_url, product.rating,        product.review_count};
}

}  // namespace

Intent IntentService::create(const std::string& query, const std::optional<std::string>& session_id,
                             const Json& metadata) {
  Intent intent;
  intent.id = new_uuid();
  intent.query = query;
  intent.session_id = session_id;
  intent.metadata = metadata;
  intent.created_at = clock_();
  intent.updated_at = clock_();
  store_.save(intent);
  return intent;
}

std::string IntentService::text(const std::string& id) {
  std::optional<std::string> found = store_.intent_text(id);
  if (!found) throw Refusal(404, "INTENT_NOT_FOUND", "Intent not found: " + id);
  return std::move(*found);
}

Intent IntentService::get(const std::string& id) {
  std::optional<Intent> intent = store_.find_intent(id);
  if (!intent) throw Refusal(404, "INTENT_NOT_FOUND", "Intent not found: " + id);
  return std::move(*intent);
}

std::vector<Offer> IntentService::offers(const std::string& intent_id) {
  if (get(intent_id).offers_collected) return store_.offers_of(intent_id);
  std::optional<std::vector<Offer>> collected;
  store_.transaction([&] {
    // Read again: another process may have collected in the meantime.
    Intent intent = get(intent_id);
    if (!intent.offers_collected) collected = collect(intent);
  });
  return collected ? std::move(*collected) : store_.offers_of(intent_id);
}

std::vector<Offer> IntentService::collect(Intent& intent) {
  std::vector<Offer> offers;
  bool asked = false;
  for (const auto& merchant : merchants_.all()) {
    if (merchant->state() == MerchantState::kDisabled) continue;
    asked = true;
    // A merchant that does not answer is left out without a word.
    if (merchant->state() == MerchantState::kUnreachable) continue;
    Offer offer;
    offer.id = new_uuid();
    offer.intent_id = intent.id;
    offer.merchant_id = merchant->id();
    offer.merchant_name = merchant->name();
    offer.query = intent.query;
    for (const Product* product : matching_products(merchant->catalogue(), intent.query)) {
      offer.items.push_back(offer_item(*product));
    }
    offer.expires_at = clock_() + kHour;
    offer.created_at = clock_();
    store_.add(offer);
    offers.push_back(std::move(offer));
    ++intent.offer_count;
  }
  std::reverse(offers.begin(), offers.end());
  // With nobody to ask the next call tries again; after an outage none does.
  if (!asked) return offers;
  intent.offers_collected = true;
  intent.updated_at = clock_();
  store_.save(intent);
  return offers;
}

Offer IntentService::get_offer(const std::string& id) {
  std::optional<Offer> offer = store_.find_offer(id);
  if (!offer) throw Refusal(404, "OFFER_NOT_FOUND", "Offer not found: " + id);
  return std::move(*offer);
}

}  // namespace cartpilot::sandbox
