#include "purchase/keys.h"

#include <gtest/gtest.h>

#include <set>

namespace cartpilot::purchase {
namespace {

TEST(PurchaseKeys, derives_the_first_128_bits_of_an_hmac) {
  // constructed from RFC 2104 with Python's hmac module:
  // hmac.new(b"k" * 64, b"7:confirm,1:s,1:d,1:0,", "sha256").hexdigest()[:32]
  EXPECT_EQ(derive_key(std::string(64, 'k'), "confirm", "s", "d", 0),
            "a295b38099662d95b2595a7f5924c4ed");
}

TEST(PurchaseKeys, gives_every_operation_session_subject_and_ordinal_its_own_key) {
  const std::set<std::string> keys = {
      derive_key("k", "confirm", "s", "d", 0),  derive_key("k", "approve", "s", "d", 0),
      derive_key("k", "confirm", "sd", "", 0),  derive_key("k", "confirm", "", "sd", 0),
      derive_key("k", "confirm", "s", "d", 1),  derive_key("K", "confirm", "s", "d", 0),
      derive_key("k", "confirm", "s", "d1", 0),
  };
  EXPECT_EQ(keys.size(), 7U);
}

TEST(PurchaseKeys, names_a_basket_by_merchant_products_variants_and_quantities_in_any_order) {
  const commerce::ItemRequest mug{"mug", "", 2};
  const commerce::ItemRequest plain_mug{"mug", std::nullopt, 2};
  const commerce::ItemRequest blue_mug{"mug", "blue", 2};
  const commerce::ItemRequest pen{"pen", std::nullopt, 1};
  EXPECT_EQ(basket_of("m", {mug, pen}), basket_of("m", {pen, plain_mug}));
  const std::set<std::string> baskets = {
      basket_of("m", {mug, pen}),      basket_of("n", {mug, pen}),
      basket_of("m", {blue_mug, pen}), basket_of("m", {mug}),
      basket_of("m", {mug, mug, pen}), basket_of("m", {{"mug", std::nullopt, 3}, pen}),
  };
  EXPECT_EQ(baskets.size(), 6U);
}

}  // namespace
}  // namespace cartpilot::purchase
