#include "sandbox/merchant/catalogue.h"

#include <gmock/gmock.h>

#include "sandbox/merchant/merchant.h"
#include "sandbox/service/python_random.h"

namespace cartpilot::sandbox {
namespace {

using testing::ElementsAre;

Catalogue catalogue_of(const Merchant::Profile& profile) {
  return Catalogue(profile.id, profile.seed, profile.stock);
}

std::vector<std::int64_t> headphone_prices(const Catalogue& catalogue) {
  std::vector<std::int64_t> prices;
  for (const Product& product : catalogue.products()) {
    if (product.sku.starts_with("HEA-")) prices.push_back(product.price_cents);
  }
  return prices;
}

// Constructed with CPython 3.11: r = random.Random(42); r.uniform(3.5, 5.0), r.randint(10, 500),
// r.sample(range(7), 4), r.choice(range(17)).
TEST(PythonRandom, draws_the_numbers_of_cpython) {
  PythonRandom random(42);
  EXPECT_DOUBLE_EQ(random.uniform(3.5, 5.0), 4.459140197686826);
  EXPECT_EQ(random.between(10, 500), 22);
  EXPECT_THAT(random.sample(7, 4), ElementsAre(5U, 2U, 1U, 4U));
  EXPECT_EQ(random.choice(17), 4U);
}

TEST(Catalogue, sells_headphones_at_the_prices_of_the_running_service) {
  EXPECT_THAT(headphone_prices(catalogue_of(merchant_a_profile())),
              ElementsAre(7999, 16699, 15499, 19699, 24899));
  EXPECT_THAT(headphone_prices(catalogue_of(merchant_b_profile())),
              ElementsAre(13399, 39999, 29799, 14099, 33299));
}

TEST(Catalogue, has_the_known_product_in_every_detail) {
  const Catalogue catalogue = catalogue_of(merchant_a_profile());
  const Product* product = catalogue.find("a771c475644349d36b508123c16b1284");
  ASSERT_NE(product, nullptr);
  EXPECT_EQ(product->sku, "HEA-0200-000");
  EXPECT_EQ(product->title, "Fabrikam Wireless Classic Earbuds");
  EXPECT_EQ(product->description, "Fabrikam headphones, classic collection.");
  EXPECT_EQ(product->brand, "Fabrikam");
  EXPECT_EQ(product->category_path, "Electronics > Audio > Headphones");
  EXPECT_EQ(product->image_url, "https://picsum.photos/seed/a771c475/400/400");
  EXPECT_EQ(product->price_cents, 7999);
  EXPECT_EQ(product->stock, 105);
  EXPECT_DOUBLE_EQ(product->rating, 4.6);
  EXPECT_EQ(product->review_count, 299);
  EXPECT_TRUE(product->in_stock);
  EXPECT_EQ(product->variants.size(), 4U);
}

TEST(Catalogue, holds_five_products_of_each_category_in_order) {
  const Catalogue catalogue = catalogue_of(merchant_b_profile());
  std::vector<std::string> firsts;
  for (std::size_t i = 0; i < catalogue.products().size(); i += 5) {
    firsts.push_back(catalogue.products()[i].sku);
  }
  EXPECT_EQ(catalogue.products().size(), 50U);
  EXPECT_THAT(firsts, ElementsAre("LAP-0100-000", "HEA-0200-000", "T-S-0300-000", "OFF-0400-000",
                                  "BOA-0500-000", "COF-0600-000", "BAC-0700-000", "FIT-0800-000",
                                  "DES-0900-000", "BOO-1000-000"));
}

// The lowest and highest price of each merchant, as listed by the running service.
TEST(Catalogue, stays_within_the_known_price_ranges) {
  for (const auto& [profile, lowest, highest] :
       {std::tuple(merchant_a_profile(), 1299, 190699), {merchant_b_profile(), 1699, 195499}}) {
    const Catalogue catalogue = catalogue_of(profile);
    const auto [cheapest, dearest] = std::minmax_element(
        catalogue.products().begin(), catalogue.products().end(),
        [](const Product& a, const Product& b) { return a.price_cents < b.price_cents; });
    EXPECT_EQ(cheapest->price_cents, lowest) << profile.id;
    EXPECT_EQ(dearest->price_cents, highest) << profile.id;
  }
}

TEST(Catalogue, gives_variants_to_coloured_goods_and_sizes_to_shirts) {
  std::map<std::string, std::size_t> variants;
  const Catalogue catalogue = catalogue_of(merchant_a_profile());
  for (const Product& product : catalogue.products()) {
    variants[product.sku.substr(0, 3)] = product.variants.size();
  }
  EXPECT_EQ(variants, (std::map<std::string, std::size_t>{{"BAC", 4},
                                                          {"BOA", 0},
                                                          {"BOO", 0},
                                                          {"COF", 0},
                                                          {"DES", 4},
                                                          {"FIT", 4},
                                                          {"HEA", 4},
                                                          {"LAP", 0},
                                                          {"OFF", 4},
                                                          {"T-S", 12}}));
}

TEST(Catalogue, finds_a_variant_of_any_product_and_nothing_unknown) {
  const Catalogue catalogue = catalogue_of(merchant_a_profile());
  const Variant& variant = catalogue.products()[5].variants[0];
  EXPECT_EQ(catalogue.find_variant(variant.id), &variant);
  EXPECT_EQ(catalogue.find_variant("no-such-variant"), nullptr);
  EXPECT_EQ(catalogue.find("no-such-product"), nullptr);
}

}  // namespace
}  // namespace cartpilot::sandbox
