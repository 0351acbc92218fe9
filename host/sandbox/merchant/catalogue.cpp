#include "sandbox/merchant/catalogue.h"

#include <Poco/String.h>
#include <fmt/format.h>

#include <array>
#include <cstdlib>

#include "sandbox/service/identifiers.h"
#include "sandbox/service/python_random.h"

namespace cartpilot::sandbox {
namespace {

constexpr int kProductsPerCategory = 5;

constexpr std::array<std::string_view, 10> kBrands = {
    "Acme",   "Contoso", "Northwind", "Fabrikam", "Tailwind",
    "Globex", "Initech", "Umbrella",  "Stark",    "Wayne"};

constexpr std::array<std::string_view, 17> kAdjectives = {
    "Premium", "Elite",   "Pro",  "Ultra", "Max",  "Plus", "Classic", "Essential", "Advanced",
    "Smart",   "Dynamic", "Flex", "Prime", "Apex", "Core", "Nova",    "Titan"};

struct Colour {
  std::string_view code;
  std::string_view name;
};

constexpr std::array<Colour, 7> kColours = {{{"BLK", "Black"},
                                             {"WHT", "White"},
                                             {"RED", "Red"},
                                             {"BLU", "Blue"},
                                             {"GRN", "Green"},
                                             {"NVY", "Navy"},
                                             {"GRY", "Gray"}}};

constexpr std::array<std::string_view, 4> kSizeCodes = {"S", "M", "L", "XL"};

enum class VariantKind { kNone, kColour, kColourAndSize };

struct Category {
  int number;
  std::string_view name;
  std::string_view path;
  std::int64_t lowest_cents;
  std::int64_t highest_cents;
  VariantKind variants;
  std::array<std::string_view, 2> titles;  // {0} is the brand, {1} the adjective
};

constexpr std::array<Category, 10> kCategories = {{
    {100,
     "Laptops",
     "Electronics > Computers > Laptops",
     59999,
     199999,
     VariantKind::kNone,
     {"{0} {1} Laptop 15\"", "{0} Notebook {1} Pro"}},
    {200,
     "Headphones",
     "Electronics > Audio > Headphones",
     2999,
     39999,
     VariantKind::kColour,
     {"{0} {1} Headphones", "{0} Wireless {1} Earbuds"}},
    {300,
     "T-Shirts",
     "Apparel & Accessories > Clothing > Shirts & Tops",
     1999,
     4999,
     VariantKind::kColourAndSize,
     {"{0} {1} T-Shirt", "{0} Cotton {1} Shirt"}},
    {400,
     "Office Chairs",
     "Furniture > Office Furniture > Chairs",
     19999,
     89999,
     VariantKind::kColour,
     {"{0} {1} Office Chair", "{0} Ergonomic {1} Chair"}},
    {500,
     "Board Games",
     "Toys & Games > Games > Board Games",
     1999,
     6999,
     VariantKind::kNone,
     {"{0} {1} Board Game", "{0} Strategy {1}"}},
    {600,
     "Coffee Makers",
     "Home & Garden > Kitchen & Dining > Coffee Makers",
     4999,
     29999,
     VariantKind::kNone,
     {"{0} {1} Coffee Maker", "{0} Brew {1} System"}},
    {700,
     "Backpacks",
     "Luggage & Bags > Backpacks",
     3999,
     14999,
     VariantKind::kColour,
     {"{0} {1} Backpack", "{0} Travel {1} Pack"}},
    {800,
     "Fitness Trackers",
     "Electronics > Wearables > Fitness Trackers",
     4999,
     24999,
     VariantKind::kColour,
     {"{0} {1} Fitness Tracker", "{0} Smart {1} Band"}},
    {900,
     "Desk Lamps",
     "Home & Garden > Lighting > Desk Lamps",
     2999,
     9999,
     VariantKind::kColour,
     {"{0} {1} Desk Lamp", "{0} LED {1} Light"}},
    {1000,
     "Books",
     "Media > Books",
     999,
     3999,
     VariantKind::kNone,
     {"The {1} Guide by {0}", "{0}'s {1} Handbook"}},
}};

std::uint32_t product_seed(int seed, int category, int index) {
  const std::string digest = md5_hex(fmt::format("{}|{}|{}", seed, category, index));
  return static_cast<std::uint32_t>(std::stoul(digest.substr(0, 8), nullptr, 16));
}

// Correctly rounded to one decimal, as a reader of "4.6" would expect.
double one_decimal(double value) {
  return std::strtod(fmt::format("{:.1f}", value).c_str(), nullptr);
}

Variant draw_variant(PythonRandom& random, const std::string& product_id, const Colour& colour,
                     std::optional<std::string> size, const StockRanges::Range& stock) {
  const std::string code =
      size ? fmt::format("{}-{}", colour.code, *size) : std::string(colour.code);
  std::string name = size ? fmt::format("{} / {}", colour.name, *size) : std::string(colour.name);
  return {md5_hex(product_id + ":" + code), "-" + code,      std::move(name),
          std::string(colour.name),         std::move(size), random.between(stock.low, stock.high)};
}

std::vector<Variant> draw_variants(PythonRandom& random, VariantKind kind,
                                   const std::string& product_id, const StockRanges& stock) {
  std::vector<Variant> variants;
  if (kind == VariantKind::kNone) return variants;
  const bool sized = kind == VariantKind::kColourAndSize;
  for (const std::size_t index : random.sample(kColours.size(), sized ? 3 : 4)) {
    const Colour& colour = kColours[index];
    if (!sized) {
      variants.push_back(draw_variant(random, product_id, colour, std::nullopt, stock.colour));
      continue;
    }
    for (const std::string_view size : kSizeCodes) {
      variants.push_back(
          draw_variant(random, product_id, colour, std::string(size), stock.colour_and_size));
    }
  }
  return variants;
}

// The order of the draws is what makes the goods come out the same; do not reorder them.
Product draw_product(std::string_view merchant_id, const Category& category, int index, int seed,
                     const StockRanges& stock) {
  PythonRandom random(product_seed(seed, category.number, index));
  const std::string brand(kBrands[random.choice(kBrands.size())]);
  const std::string adjective(kAdjectives[random.choice(kAdjectives.size())]);
  const std::string_view title = category.titles[random.choice(category.titles.size())];
  const std::int64_t drawn_price = random.between(category.lowest_cents, category.highest_cents);

  Product product;
  product.id = md5_hex(fmt::format("{}:{}:{}:{}", merchant_id, category.number, index, seed));
  product.sku =
      fmt::format("{}-{:04}-{:03}", Poco::toUpper(std::string(category.name.substr(0, 3))),
                  category.number, index);
  product.title = fmt::format(fmt::runtime(title), brand, adjective);
  // Search looks into descriptions, so the words here decide what a wish finds: the category, the
  // brand and the adjective in lower case, and nothing that an ordinary wish would name.
  product.description =
      fmt::format("{} {}, {} collection.", brand, Poco::toLower(std::string(category.name)),
                  Poco::toLower(adjective));
  product.lower_title = Poco::toLower(product.title);
  product.lower_description = Poco::toLower(product.description);
  product.brand = brand;
  product.category = category.number;
  product.category_path = category.path;
  product.image_url = fmt::format("https://picsum.photos/seed/{}/400/400", product.id.substr(0, 8));
  product.price_cents = drawn_price / 100 * 100 + 99;
  product.rating = one_decimal(random.uniform(3.5, 5.0));
  product.review_count = random.between(10, 500);
  product.stock = random.between(stock.product.low, stock.product.high);
  product.variants = draw_variants(random, category.variants, product.id, stock);
  return product;
}

}  // namespace

Catalogue::Catalogue(std::string_view merchant_id, int seed, const StockRanges& stock) {
  products_.reserve(kCategories.size() * kProductsPerCategory);
  for (const Category& category : kCategories) {
    for (int index = 0; index < kProductsPerCategory; ++index) {
      products_.push_back(draw_product(merchant_id, category, index, seed, stock));
    }
  }
}

const Product* Catalogue::find(std::string_view product_id) const {
  for (const Product& product : products_) {
    if (product.id == product_id) return &product;
  }
  return nullptr;
}

Product* Catalogue::find(std::string_view product_id) {
  return const_cast<Product*>(static_cast<const Catalogue&>(*this).find(product_id));
}

const Variant* Catalogue::find_variant(std::string_view variant_id) const {
  for (const Product& product : products_) {
    for (const Variant& variant : product.variants) {
      if (variant.id == variant_id) return &variant;
    }
  }
  return nullptr;
}

}  // namespace cartpilot::sandbox
