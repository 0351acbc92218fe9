// The part of Merchant that changes goods and remembers the changes.
#include <algorithm>

#include "cartpilot/error.h"
#include "sandbox/merchant/merchant.h"

namespace cartpilot::sandbox {
namespace {

// With at most 200 pieces of anything, sums stay far inside an int64.
constexpr std::int64_t kHighestPriceCents = 100'000'000;
constexpr std::int64_t kLowestShiftedCents = 99;
constexpr std::int64_t kShiftPercent = 15;
constexpr std::int64_t kResetStock = 10;
constexpr std::int64_t kResetVariantStock = 5;

Json goods_document(const Product& product) {
  Json variants = Json::object();
  for (const Variant& variant : product.variants) variants[variant.id] = variant.stock;
  return {{"price_cents", product.price_cents},
          {"stock", product.stock},
          {"in_stock", product.in_stock},
          {"variants", std::move(variants)}};
}

void take_over(Product& product, const Json& goods) {
  product.price_cents = goods.at("price_cents").get<std::int64_t>();
  product.stock = goods.at("stock").get<std::int64_t>();
  product.in_stock = goods.at("in_stock").get<bool>();
  for (Variant& variant : product.variants) {
    variant.stock = goods.at("variants").at(variant.id).get<std::int64_t>();
  }
}

}  // namespace

void Merchant::reload() {
  catalogue_ = Catalogue(profile_.id, profile_.seed, profile_.stock);
  apply_stored_goods();
  if (chaos_) chaos_->reload();
}

void Merchant::apply_stored_goods() {
  for (const auto& [product_id, document] : store_.goods_of(profile_.id)) {
    Product* changed = catalogue_.find(product_id);
    if (changed == nullptr) continue;
    try {
      take_over(*changed, parse_json(document, "stored goods"));
    } catch (const Json::exception& e) {
      throw Error(ErrorCode::kProtocol,
                  std::string("stored goods cannot be read: ") + json_problem(e));
    }
  }
}

Product& Merchant::product(const std::string& product_id) {
  Product* found = catalogue_.find(product_id);
  if (found == nullptr) {
    throw Error(ErrorCode::kNotFound, profile_.id + " has no product " + product_id);
  }
  return *found;
}

void Merchant::save_goods(const Product& product) {
  store_.save_goods(profile_.id, product.id, dump_json(goods_document(product)));
}

void Merchant::change_price(const std::string& product_id, std::int64_t cents) {
  if (cents < 1 || cents > kHighestPriceCents) {
    throw Error(ErrorCode::kInvalidArgument, "a price is 1 to 100000000 cents");
  }
  Product& changed = product(product_id);
  changed.price_cents = cents;
  save_goods(changed);
}

Merchant::PriceChange Merchant::shift_price(const std::string& product_id, bool up) {
  const std::int64_t old_cents = product(product_id).price_cents;
  const std::int64_t step = old_cents * kShiftPercent / 100;
  const std::int64_t new_cents =
      std::clamp(up ? old_cents + step : old_cents - step, kLowestShiftedCents, kHighestPriceCents);
  change_price(product_id, new_cents);
  return {old_cents, new_cents};
}

void Merchant::empty_stock(const std::string& product_id) {
  Product& sold_out = product(product_id);
  sold_out.in_stock = false;
  sold_out.stock = 0;
  save_goods(sold_out);
}

void Merchant::empty_variant(const std::string& product_id, const std::string& variant_id) {
  Product& changed = product(product_id);
  for (Variant& variant : changed.variants) {
    if (variant.id != variant_id) continue;
    variant.stock = 0;
    save_goods(changed);
    return;
  }
  throw Error(ErrorCode::kNotFound, product_id + " has no variant " + variant_id);
}

void Merchant::sell_out(const LineItem& item) {
  const Product& sold = product(item.product_id);
  const bool own_variant =
      item.variant_id && std::any_of(sold.variants.begin(), sold.variants.end(),
                                     [&](const Variant& v) { return v.id == *item.variant_id; });
  if (own_variant) return empty_variant(item.product_id, *item.variant_id);
  empty_stock(item.product_id);
}

void Merchant::reset_goods(const std::string& product_id) {
  reset_goods(product(product_id), Catalogue(profile_.id, profile_.seed, profile_.stock));
}

void Merchant::reset_goods(Product& changed, const Catalogue& original) {
  changed.price_cents = original.find(changed.id)->price_cents;
  changed.in_stock = true;
  changed.stock = kResetStock;
  for (Variant& variant : changed.variants) variant.stock = kResetVariantStock;
  save_goods(changed);
}

void Merchant::reset() {
  const Catalogue original(profile_.id, profile_.seed, profile_.stock);
  for (const Product& one : original.products()) reset_goods(product(one.id), original);
  store_.forget_sessions(profile_.id);
  if (chaos_) chaos_->reset();
}

}  // namespace cartpilot::sandbox
