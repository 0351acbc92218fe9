#include "commerce/client.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "base/encoding.h"
#include "commerce/failure.h"

namespace cartpilot::commerce {
namespace {

constexpr std::size_t kMaxIdBytes = 64;
constexpr std::size_t kMaxQueryCharacters = 500;
constexpr std::int64_t kMaxSimulatedSteps = 3;
constexpr std::array<std::string_view, 7> kOrderStatuses = {
    "pending", "confirmed", "shipped", "delivered", "cancelled", "refunded", "returned"};

void require(bool holds, const std::string& message) {
  if (!holds) throw refused_locally("INVALID_ARGUMENT", message);
}

/// `id` as it may stand in a path. Anything else could address another route.
const std::string& checked_id(const char* name, const std::string& id) {
  bool fits = !id.empty() && id.size() <= kMaxIdBytes;
  for (const char c : id) {
    fits = fits && ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '-');
  }
  if (!fits) {
    throw refused_locally("INVALID_ID",
                          fmt::format("{} must be an id from an earlier answer: 1 to 64 letters, "
                                      "digits, - or _",
                                      name));
  }
  return id;
}

std::size_t count_characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string encoded(const std::string& value) { return base::percent_encoded(value, "?#/:;+@&="); }

std::string paging(std::int64_t page, std::int64_t page_size) {
  require(page >= 1, "page must be at least 1");
  require(page_size >= 1 && page_size <= kMaxPageSize, "page_size must be 1 to 100");
  return fmt::format("?page={}&page_size={}", page, page_size);
}

Json items_json(const std::vector<ItemRequest>& items) {
  require(!items.empty(), "items must name at least one product");
  Json list = Json::array();
  for (std::size_t i = 0; i < items.size(); ++i) {
    require(!items[i].product_id.empty(), fmt::format("items[{}].product_id is empty", i));
    require(items[i].quantity >= 1, fmt::format("items[{}].quantity must be at least 1", i));
    Json item = {{"product_id", items[i].product_id}};
    if (items[i].variant_id) item["variant_id"] = *items[i].variant_id;
    item["quantity"] = items[i].quantity;
    list.push_back(std::move(item));
  }
  return list;
}

std::string checkout_path(const std::string& checkout_id) {
  return "/checkouts/" + checked_id("checkout_id", checkout_id);
}

std::string order_path(const std::string& order_id) {
  return "/orders/" + checked_id("order_id", order_id);
}

}  // namespace

template <typename Parse>
auto CartPilotClient::typed(RawAnswer raw, Parse parse) const -> Answer<decltype(parse(raw.json))> {
  try {
    auto value = parse(raw.json);
    return {std::move(value), std::move(raw.json), std::move(raw.request_id), raw.server_unix_ms,
            std::move(raw.sandbox_id)};
  } catch (const Error& error) {
    const RequestFacts facts{raw.method, "", options_.base_url, raw.request_id,
                             !options_.api_key.empty()};
    throw failure_of_reading(facts, raw.status, error.what());
  }
}

Answer<Health> CartPilotClient::health(const CallContext& context) const {
  return typed(get("/health", context), parse_health);
}

Answer<Health> CartPilotClient::ready(const CallContext& context) const {
  return typed(get("/ready", context), parse_health);
}

Answer<std::vector<Merchant>> CartPilotClient::merchants(const CallContext& context) const {
  return typed(get("/merchants", context), parse_merchants);
}

Answer<Intent> CartPilotClient::create_intent(const std::string& query,
                                              const std::optional<std::string>& session_id,
                                              const WriteOptions& write,
                                              const CallContext& context) const {
  const std::size_t characters = count_characters(query);
  require(characters >= 1 && characters <= kMaxQueryCharacters,
          fmt::format("query must have 1 to 500 characters, not {}", characters));
  Json body = {{"query", query}};
  const std::string& session = session_id ? *session_id : options_.session_id;
  if (!session.empty()) body["session_id"] = session;
  return typed(post("/intents", body, write, context), parse_intent);
}

Answer<Intent> CartPilotClient::get_intent(const std::string& intent_id,
                                           const CallContext& context) const {
  return typed(get("/intents/" + checked_id("intent_id", intent_id), context), parse_intent);
}

Answer<OfferPage> CartPilotClient::get_intent_offers(const std::string& intent_id,
                                                     std::int64_t page, std::int64_t page_size,
                                                     const CallContext& context) const {
  const std::string target = fmt::format("/intents/{}/offers{}", checked_id("intent_id", intent_id),
                                         paging(page, page_size));
  return typed(get(target, context), parse_offer_page);
}

Answer<Offer> CartPilotClient::get_offer(const std::string& offer_id,
                                         const CallContext& context) const {
  return typed(get("/offers/" + checked_id("offer_id", offer_id), context), parse_offer);
}

Answer<Checkout> CartPilotClient::create_checkout(const std::string& offer_id,
                                                  const std::vector<ItemRequest>& items,
                                                  const std::string& body_key,
                                                  const WriteOptions& write,
                                                  const CallContext& context) const {
  // The id travels in the body only, but an id that could not be one is better refused here.
  Json body = {{"offer_id", checked_id("offer_id", offer_id)}, {"items", items_json(items)}};
  if (!body_key.empty()) body["idempotency_key"] = body_key;
  return typed(post("/checkouts", body, write, context), parse_checkout);
}

Answer<Checkout> CartPilotClient::get_checkout(const std::string& checkout_id,
                                               const CallContext& context) const {
  return typed(get(checkout_path(checkout_id), context), parse_checkout);
}

Answer<Checkout> CartPilotClient::quote(const std::string& checkout_id,
                                        const std::vector<ItemRequest>& items,
                                        const std::optional<std::string>& customer_email,
                                        const WriteOptions& write,
                                        const CallContext& context) const {
  Json body = {{"items", items_json(items)}};
  if (customer_email) body["customer_email"] = *customer_email;
  return typed(post(checkout_path(checkout_id) + "/quote", body, write, context), parse_checkout);
}

Answer<Checkout> CartPilotClient::request_approval(const std::string& checkout_id,
                                                   const WriteOptions& write,
                                                   const CallContext& context) const {
  // The route reads no body; {} keeps proxies content that dislike a POST without one.
  return typed(
      post(checkout_path(checkout_id) + "/request-approval", Json::object(), write, context),
      parse_checkout);
}

Answer<Checkout> CartPilotClient::approve(const std::string& checkout_id,
                                          const std::string& approved_by, const WriteOptions& write,
                                          const CallContext& context) const {
  const Json body = {{"approved_by", approved_by}};
  return typed(post_money(checkout_path(checkout_id) + "/approve", body, write, context),
               parse_checkout);
}

Answer<Confirmation> CartPilotClient::confirm(const std::string& checkout_id,
                                              const std::string& payment_method,
                                              const std::string& body_key,
                                              const WriteOptions& write,
                                              const CallContext& context) const {
  Json body = {{"payment_method", payment_method}};
  if (!body_key.empty()) body["idempotency_key"] = body_key;
  return typed(post_money(checkout_path(checkout_id) + "/confirm", body, write, context),
               parse_confirmation);
}

Answer<Page<OrderSummary>> CartPilotClient::list_orders(const OrderFilter& filter,
                                                        const CallContext& context) const {
  std::string target = "/orders" + paging(filter.page, filter.page_size);
  if (filter.status) {
    // CartPilot ignores a status it does not know and would list everything.
    require(std::find(kOrderStatuses.begin(), kOrderStatuses.end(), *filter.status) !=
                kOrderStatuses.end(),
            fmt::format("status must be one of {}", fmt::join(kOrderStatuses, ", ")));
    target += "&status=" + encoded(*filter.status);
  }
  if (filter.merchant_id) target += "&merchant_id=" + encoded(*filter.merchant_id);
  return typed(get(target, context), parse_order_page);
}

Answer<Order> CartPilotClient::get_order(const std::string& order_id,
                                         const CallContext& context) const {
  return typed(get(order_path(order_id), context), parse_order);
}

Answer<Order> CartPilotClient::cancel_order(const std::string& order_id, const std::string& reason,
                                            const std::string& cancelled_by,
                                            const CallContext& context) const {
  const Json body = {{"reason", reason}, {"cancelled_by", cancelled_by}};
  return typed(post(order_path(order_id) + "/cancel", body, {}, context), parse_order);
}

Answer<Order> CartPilotClient::refund_order(const std::string& order_id,
                                            std::optional<std::int64_t> amount_cents,
                                            const std::string& reason,
                                            const CallContext& context) const {
  Json body = Json::object();
  if (amount_cents) {
    // CartPilot accepts any number, even a negative one, and a refund is final.
    require(*amount_cents >= 1, "the refund must be at least one cent");
    body["refund_amount_cents"] = *amount_cents;
  }
  body["reason"] = reason;
  return typed(post(order_path(order_id) + "/refund", body, {}, context), parse_order);
}

Answer<Order> CartPilotClient::simulate_advance(const std::string& order_id, std::int64_t steps,
                                                const CallContext& context) const {
  require(steps >= 1 && steps <= kMaxSimulatedSteps, "steps must be 1 to 3");
  const Json body = {{"steps", steps}};
  return typed(post(order_path(order_id) + "/simulate-advance", body, {}, context), parse_order);
}

Answer<WebhookEvent> CartPilotClient::get_webhook_event(const std::string& event_id,
                                                        const std::string& merchant_id,
                                                        const CallContext& context) const {
  require(!merchant_id.empty(), "merchant_id is empty");
  const std::string target = fmt::format("/webhooks/events/{}?merchant_id={}",
                                         checked_id("event_id", event_id), encoded(merchant_id));
  return typed(get(target, context), parse_webhook_event);
}

}  // namespace cartpilot::commerce
