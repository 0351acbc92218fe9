#include "sandbox/service/intents.h"

#include <algorithm>

#include "base/random.h"
#include "sandbox/service/identifiers.h"
#include "sandbox/service/offer_search.h"
#include "sandbox/wire/python_json.h"
#include "sandbox/wire/refusal.h"

namespace cartpilot::sandbox {
namespace {

OfferItem offer_item(const Product& product) {
  return {product.id,        product.sku,           product.title,       product.description,
          product.brand,     product.category_path, product.price_cents, product.stock,
          product.image_url, product.rating,        product.review_count};
}

// An offer's text from the store, made when it was created, brought up to `now`.
std::string shown_at(Micros now, std::string text) {
  // Inside a string of the document the quotes would stand behind backslashes.
  constexpr std::string_view kExpiry = "\"expires_at\":\"";
  const std::size_t expiry = text.find(kExpiry);
  if (expiry == std::string::npos) {
    throw Error(ErrorCode::kProtocol, "a stored offer does not say when it expires");
  }
  if (now <= parse_instant(std::string_view(text).substr(expiry + kExpiry.size()))) return text;
  Json offer = parse_json(text, "stored offer", kStoredJson);
  offer["is_expired"] = true;
  return dump_json(offer);
}

}  // namespace

std::string IntentService::create(const std::string& query,
                                  const std::optional<std::string>& session_id,
                                  const Json& metadata) {
  Intent intent;
  intent.id = base::random_uuid();
  intent.query = query;
  intent.session_id = session_id;
  intent.metadata = metadata;
  intent.created_at = clock_();
  intent.updated_at = clock_();
  return store_.save(intent);
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

std::vector<std::string> IntentService::offers(const std::string& intent_id) {
  const Micros now = clock_();
  std::vector<std::string> offers;
  bool collected = get(intent_id).offers_collected;
  if (!collected) {
    store_.transaction([&] {
      // Read again: another process may have collected in the meantime.
      Intent intent = get(intent_id);
      collected = intent.offers_collected;
      if (!collected) offers = collect(intent);
    });
  }
  if (collected) offers = store_.offer_texts(intent_id);
  for (std::string& offer : offers) offer = shown_at(now, std::move(offer));
  return offers;
}

std::vector<std::string> IntentService::collect(Intent& intent) {
  std::vector<std::string> offers;
  bool asked = false;
  for (const auto& merchant : merchants_.all()) {
    if (merchant->state() == MerchantState::kDisabled) continue;
    asked = true;
    // A merchant that does not answer is left out without a word.
    if (merchant->state() == MerchantState::kUnreachable) continue;
    Offer offer;
    offer.id = base::random_uuid();
    offer.intent_id = intent.id;
    offer.merchant_id = merchant->id();
    offer.merchant_name = merchant->name();
    offer.query = intent.query;
    for (const Product* product : matching_products(merchant->catalogue(), intent.query)) {
      offer.items.push_back(offer_item(*product));
    }
    offer.expires_at = clock_() + kHour;
    offer.created_at = clock_();
    offers.push_back(store_.add(offer));
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

std::string IntentService::offer(const std::string& id) {
  std::optional<std::string> offer = store_.offer_text(id);
  if (!offer) throw Refusal(404, "OFFER_NOT_FOUND", "Offer not found: " + id);
  return shown_at(clock_(), std::move(*offer));
}

}  // namespace cartpilot::sandbox
