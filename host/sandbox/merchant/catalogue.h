// Catalogue: the fifty products of one merchant, generated, not stored.
//
// The same seed gives the same ids, SKUs, titles, prices, stock and ratings as the running service.
// Owned by its merchant. Price and stock of a product may be changed afterwards; everything else is
// fixed. Not synchronised: the application's lock guards it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cartpilot::sandbox {

struct Variant {
  std::string id;
  std::string sku_suffix;
  std::string name;
  std::string colour;
  std::optional<std::string> size;
  std::int64_t stock = 0;
};

struct Product {
  std::string id;
  std::string sku;
  std::string title;
  std::string description;
  std::string brand;
  std::int64_t category = 0;
  std::string category_path;
  std::string image_url;
  std::int64_t price_cents = 0;
  std::int64_t stock = 0;
  std::int64_t review_count = 0;
  double rating = 0;
  bool in_stock = true;
  std::vector<Variant> variants;
  std::string lower_title;  ///< for searches
  std::string lower_description;

  /// Whether title or description contain `lower_case` in letters of any case.
  bool mentions(std::string_view lower_case) const {
    return lower_title.find(lower_case) != std::string::npos ||
           lower_description.find(lower_case) != std::string::npos;
  }
};

/// How many of each product a merchant keeps: every range includes both ends.
struct StockRanges {
  struct Range {
    std::int64_t low;
    std::int64_t high;
  };
  Range product;
  Range colour;
  Range colour_and_size;
};

class Catalogue {
 public:
  /// Draws the products of `merchant_id`, in category order, five of each category.
  Catalogue(std::string_view merchant_id, int seed, const StockRanges& stock);

  const std::vector<Product>& products() const { return products_; }
  const Product* find(std::string_view product_id) const;
  Product* find(std::string_view product_id);
  /// Looks through all products: the service accepts a variant id with any product.
  const Variant* find_variant(std::string_view variant_id) const;

 private:
  std::vector<Product> products_;
};

}  // namespace cartpilot::sandbox
