// A merchant's own API, as it speaks to CartPilot and to whoever asks it directly.
#include <Poco/String.h>
#include <Poco/UTF8String.h>

#include <algorithm>

#include "sandbox/http/endpoints.h"
#include "sandbox/wire/json_views.h"
#include "sandbox/wire/paging.h"
#include "sandbox/wire/refusal.h"

namespace cartpilot::sandbox {
namespace {

constexpr const char* kProtocolVersion = "1.0.0";

Json variant_view(const Variant& variant) {
  return {{"id", variant.id},
          {"sku_suffix", variant.sku_suffix},
          {"name", variant.name},
          {"color", variant.colour},
          {"size", variant.size ? Json(*variant.size) : Json()},
          {"price_modifier", 0},
          {"in_stock", variant.stock > 0},
          {"stock_quantity", variant.stock}};
}

Json product_view(const Product& product) {
  Json variants = Json::array();
  for (const Variant& variant : product.variants) variants.push_back(variant_view(variant));
  return {{"ucp_version", kProtocolVersion},
          {"id", product.id},
          {"sku", product.sku},
          {"title", product.title},
          {"description", product.description},
          {"brand", product.brand},
          {"category_id", product.category},
          {"category_path", product.category_path},
          {"price", price_view(product.price_cents)},
          {"rating", product.rating},
          {"review_count", product.review_count},
          {"image_url", product.image_url},
          {"in_stock", product.in_stock},
          {"stock_quantity", product.stock},
          {"variants", std::move(variants)}};
}

Json session_view(const MerchantSession& session) {
  Json shown = view(session);
  // Which merchant it belongs to goes without saying here.
  shown.erase("merchant_id");
  return shown;
}

struct ProductFilter {
  std::optional<std::int64_t> category;
  std::optional<std::string> brand;
  std::optional<std::int64_t> lowest_cents;
  std::optional<std::int64_t> highest_cents;
  std::optional<bool> in_stock;
  std::string search;  ///< lower case

  bool takes(const Product& product) const {
    if (category && product.category != *category) return false;
    if (brand && Poco::icompare(product.brand, *brand) != 0) return false;
    if (lowest_cents && product.price_cents < *lowest_cents) return false;
    if (highest_cents && product.price_cents > *highest_cents) return false;
    if (in_stock && product.in_stock != *in_stock) return false;
    return product.mentions(search);
  }
};

void sort(std::vector<const Product*>& products, const std::string& by, bool descending) {
  if (by.empty()) return;
  const auto less = [&](const Product* a, const Product* b) {
    return by == "price" ? a->price_cents < b->price_cents : a->rating < b->rating;
  };
  std::stable_sort(products.begin(), products.end(), [&](const Product* a, const Product* b) {
    return descending ? less(b, a) : less(a, b);
  });
}

Response get_products(const Call& call, const Merchant& merchant) {
  Fields fields(call.query, Json::array({"query"}));
  const Paging paging = read_paging(fields);
  ProductFilter filter;
  filter.category = fields.optional_integer("category_id");
  filter.brand = fields.optional_text("brand");
  filter.lowest_cents = fields.optional_integer("min_price");
  filter.highest_cents = fields.optional_integer("max_price");
  filter.in_stock = fields.optional_flag("in_stock");
  filter.search = Poco::UTF8::toLower(fields.optional_text("search").value_or(""));
  const std::string sort_by = fields.choice("sort_by", {"price", "rating"});
  const std::string sort_order = fields.choice("sort_order", {"asc", "desc"});
  fields.check();

  std::vector<const Product*> found;
  for (const Product& product : merchant.catalogue().products()) {
    if (filter.takes(product)) found.push_back(&product);
  }
  sort(found, sort_by, sort_order == "desc");
  const auto total = static_cast<std::int64_t>(found.size());
  const auto [begin, end] = slice(paging, total);
  Json items = Json::array();
  for (std::int64_t i = begin; i < end; ++i) {
    items.push_back(product_view(*found[static_cast<std::size_t>(i)]));
  }
  return json_response(200, {{"ucp_version", kProtocolVersion},
                             {"items", std::move(items)},
                             {"total", total},
                             {"page", paging.page},
                             {"page_size", paging.page_size},
                             {"has_more", has_more(paging, total)}});
}

Response get_product(const Call& call, const Merchant& merchant) {
  const Product* product = merchant.catalogue().find(call.ids[0]);
  if (product == nullptr) {
    throw MerchantRefusal(404, "PRODUCT_NOT_FOUND", "Product not found: " + call.ids[0]);
  }
  return json_response(200, product_view(*product));
}

Response post_quote(const Call& call, Merchant& merchant) {
  const Json body = read_body(call.request);
  Fields fields(body, Json::array({"body"}));
  const std::vector<ItemRequest> items = fields.required_items();
  const auto email = fields.optional_text("customer_email");
  std::optional<std::string> key = fields.optional_text("idempotency_key");
  fields.check();
  if (key && key->empty()) key.reset();
  return json_response(201, session_view(merchant.quote(items, email, key)));
}

Response post_confirm(const Call& call, Merchant& merchant) {
  const Json body = read_body(call.request);
  Fields fields(body, Json::array({"body"}));
  // Any card will do, and a repeat is known by the session's state.
  fields.text_or("payment_method", "test_card");
  fields.optional_text("idempotency_key");
  fields.check();
  const MerchantSession sold = merchant.confirm(call.ids[0]);
  return json_response(200, {{"ucp_version", kProtocolVersion},
                             {"checkout_id", sold.id},
                             {"merchant_order_id", sold.merchant_order_id.value_or("")},
                             {"status", sold.status},
                             {"total", price_view(sold.totals.total_cents)},
                             {"confirmed_at", format_instant(sold.updated_at)}});
}

Json health_view(Merchant& merchant) {
  Json health = {{"status", "healthy"},
                 {"service", merchant.id()},
                 {"merchant_id", merchant.id()},
                 {"ucp_version", kProtocolVersion}};
  if (merchant.chaos() != nullptr) health["chaos_enabled"] = merchant.chaos()->config().enabled();
  return health;
}

Json stats_view(Merchant& merchant) {
  Json stats = {{"merchant_id", merchant.id()},
                {"product_count", merchant.catalogue().products().size()},
                {"checkout_count", merchant.session_count()}};
  if (merchant.chaos() != nullptr) stats["chaos_event_count"] = merchant.chaos()->event_count();
  stats["ucp_version"] = kProtocolVersion;
  return stats;
}

}  // namespace

void add_shop_endpoints(Router& router, Merchant& merchant) {
  router.add("GET", "/health",
             [&merchant](const Call&) { return json_response(200, health_view(merchant)); });
  router.add("GET", "/stats",
             [&merchant](const Call&) { return json_response(200, stats_view(merchant)); });
  router.add("GET", "/products",
             [&merchant](const Call& call) { return get_products(call, merchant); });
  router.add("GET", "/products/{}",
             [&merchant](const Call& call) { return get_product(call, merchant); });
  router.add("POST", "/checkout/quote",
             [&merchant](const Call& call) { return post_quote(call, merchant); });
  router.add("GET", "/checkout/{}", [&merchant](const Call& call) {
    return json_response(200, session_view(merchant.session(call.ids[0])));
  });
  router.add("POST", "/checkout/{}/confirm",
             [&merchant](const Call& call) { return post_confirm(call, merchant); });
}

}  // namespace cartpilot::sandbox
