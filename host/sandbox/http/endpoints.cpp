#include "sandbox/http/endpoints.h"

#include "sandbox/wire/json_views.h"
#include "sandbox/wire/paging.h"
#include "sandbox/wire/request_validation.h"

namespace cartpilot::sandbox {
namespace {

constexpr std::size_t kLongestQuery = 500;

Response post_intent(const Call& call, IntentService& intents) {
  const Json body = read_body(call.request);
  Fields fields(body, Json::array({"body"}));
  const std::string query = fields.required_text("query", {1, kLongestQuery});
  const auto session_id = fields.optional_text("session_id");
  const Json metadata = fields.optional_object("metadata");
  fields.check();
  return text_response(201, intents.create(query, session_id, metadata));
}

Paging paging_of(const Call& call) {
  Fields fields(call.query, Json::array({"query"}));
  const Paging paging = read_paging(fields);
  fields.check();
  return paging;
}

Response get_offers(const Call& call, IntentService& intents) {
  const Paging paging = paging_of(call);
  const std::vector<std::string> offers = intents.offers(call.ids[0]);
  const auto total = static_cast<std::int64_t>(offers.size());
  std::string items;
  const auto [begin, end] = slice(paging, total);
  for (std::int64_t i = begin; i < end; ++i) {
    if (i > begin) items += ',';
    items += offers[static_cast<std::size_t>(i)];
  }
  Json page = page_view(paging, total, Json::array());
  page["intent_id"] = call.ids[0];
  // The offers are text already; they go between the brackets of the empty page.
  std::string text = dump_json(page);
  constexpr std::string_view kBracket = "\"items\":[";
  text.insert(text.find(kBracket) + kBracket.size(), items);
  return text_response(200, std::move(text));
}

Response get_orders(const Call& call, OrderService& orders) {
  const Paging paging = paging_of(call);
  OrderFilter filter;
  // A status the service does not know filters nothing.
  filter.status = find_order_status(string_or(call.query, "status"));
  if (call.query.contains("merchant_id")) filter.merchant_id = string_or(call.query, "merchant_id");
  const Page<Order> page = orders.list(filter, paging.page, paging.page_size);
  Json items = Json::array();
  for (const Order& order : page.records) items.push_back(summary_view(order));
  return json_response(200, page_view(paging, page.total, std::move(items)));
}

Response get_merchants(const Merchants& merchants) {
  Json list = Json::array();
  for (const auto& merchant : merchants.all()) {
    if (merchant->state() == MerchantState::kDisabled) continue;
    list.push_back({{"id", merchant->id()},
                    {"name", merchant->name()},
                    {"url", merchant->url()},
                    {"enabled", true}});
  }
  const std::size_t total = list.size();
  return json_response(200, {{"merchants", std::move(list)}, {"total", total}});
}

}  // namespace

void add_service_endpoints(Router& router, const Merchants& merchants) {
  router.add("GET", "/health", [](const Call&) {
    return json_response(
        200, {{"status", "healthy"}, {"service", "cartpilot-api"}, {"version", "0.1.0"}});
  });
  router.add("GET", "/ready", [](const Call&) {
    return json_response(200, {{"status", "ready"}});
  });
  router.add("GET", "/merchants", [&merchants](const Call&) { return get_merchants(merchants); });
}

void add_intent_endpoints(Router& router, IntentService& intents) {
  router.add("POST", "/intents",
             [&intents](const Call& call) { return post_intent(call, intents); });
  router.add("GET", "/intents/{}", [&intents](const Call& call) {
    return text_response(200, intents.text(call.ids[0]));
  });
  router.add("GET", "/intents/{}/offers",
             [&intents](const Call& call) { return get_offers(call, intents); });
  router.add("GET", "/offers/{}", [&intents](const Call& call) {
    return text_response(200, intents.offer(call.ids[0]));
  });
}

void add_checkout_endpoints(Router& router, CheckoutService& checkouts) {
  router.add("POST", "/checkouts", [&checkouts](const Call& call) {
    const Json body = read_body(call.request);
    Fields fields(body, Json::array({"body"}));
    const std::string offer_id = fields.required_text("offer_id");
    fields.required_items();
    std::optional<std::string> key = fields.optional_text("idempotency_key");
    fields.check();
    if (key && key->empty()) key.reset();
    return text_response(201, checkouts.create(offer_id, key));
  });
  router.add("GET", "/checkouts/{}", [&checkouts](const Call& call) {
    return text_response(200, checkouts.text(call.ids[0]));
  });
  router.add("POST", "/checkouts/{}/quote", [&checkouts](const Call& call) {
    const Json body = read_body(call.request);
    Fields fields(body, Json::array({"body"}));
    const std::vector<ItemRequest> items = fields.required_items();
    std::optional<std::string> email = fields.optional_text("customer_email");
    fields.check();
    if (email && email->empty()) email.reset();
    return text_response(200, checkouts.quote(call.ids[0], items, email));
  });
  // Takes no body, so whatever was sent is not even looked at.
  router.add("POST", "/checkouts/{}/request-approval", [&checkouts](const Call& call) {
    return text_response(200, checkouts.request_approval(call.ids[0]));
  });
  router.add("POST", "/checkouts/{}/approve", [&checkouts](const Call& call) {
    const Json body = read_body(call.request);
    Fields fields(body, Json::array({"body"}));
    const std::string approved_by = fields.text_or("approved_by", "user");
    fields.check();
    return text_response(200, checkouts.approve(call.ids[0], approved_by));
  });
  router.add("POST", "/checkouts/{}/confirm", [&checkouts](const Call& call) {
    const Json body = read_body(call.request);
    Fields fields(body, Json::array({"body"}));
    // Both are checked and then ignored: the merchants take any card, and a repeated confirm is
    // recognised by the checkout's state.
    fields.text_or("payment_method", "test_card");
    fields.optional_text("idempotency_key");
    fields.check();
    const CheckoutService::Confirmation done =
        checkouts.confirm(call.ids[0], call.request.came_unconfirmed);
    return json_response(200, confirmation_view(done.checkout, done.order_id));
  });
}

void add_order_endpoints(Router& router, OrderService& orders) {
  router.add("GET", "/orders", [&orders](const Call& call) { return get_orders(call, orders); });
  router.add("GET", "/orders/{}",
             [&orders](const Call& call) { return text_response(200, orders.text(call.ids[0])); });
  router.add("POST", "/orders/{}/cancel", [&orders](const Call& call) {
    const Json body = read_body(call.request);
    Fields fields(body, Json::array({"body"}));
    const std::string reason = fields.required_text("reason");
    const std::string cancelled_by = fields.text_or("cancelled_by", "customer");
    fields.check();
    return text_response(200, orders.cancel(call.ids[0], reason, cancelled_by));
  });
  router.add("POST", "/orders/{}/refund", [&orders](const Call& call) {
    const Json body = read_body(call.request);
    Fields fields(body, Json::array({"body"}));
    const auto cents = fields.optional_integer("refund_amount_cents");
    const std::string reason = fields.text_or("reason", "");
    fields.check();
    return text_response(200, orders.refund(call.ids[0], cents, reason));
  });
  router.add("POST", "/orders/{}/simulate-advance", [&orders](const Call& call) {
    const Json body = read_body(call.request);
    Fields fields(body, Json::array({"body"}));
    const std::int64_t steps = fields.integer_or("steps", 1, {.least = 1, .most = 3});
    fields.check();
    return text_response(200, orders.advance(call.ids[0], steps));
  });
}

}  // namespace cartpilot::sandbox
