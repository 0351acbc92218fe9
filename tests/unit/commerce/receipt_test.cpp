#include "commerce/receipt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <set>

#include "cartpilot/error.h"

namespace cartpilot::commerce {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

/// constructed from CartPilot's public API documentation: two lines, 8 % tax, free shipping.
Checkout good_checkout() {
  Checkout checkout;
  checkout.id = "83f18210-6d64-42f0-a80f-bd71be881453";
  checkout.offer_id = "offer-1";
  checkout.merchant_id = "merchant-a";
  checkout.status = "awaiting_approval";
  checkout.items = {
      {"a771", std::nullopt, "HEA-0200", "Earbuds", {7999, "USD"}, 1, {7999, "USD"}},
      {"b882", "blue", "MUG-01", "Mug", {1001, "USD"}, 2, {2002, "USD"}},
  };
  checkout.subtotal = Money{10001, "USD"};
  checkout.tax = Money{800, "USD"};
  checkout.shipping = Money{0, "USD"};
  checkout.total = Money{10801, "USD"};
  checkout.merchant_checkout_id = "684be8bc";
  checkout.receipt_hash = "b846397939c0dbe0";
  checkout.expires_at = "2026-11-24T00:49:28.023294Z";
  FrozenReceipt frozen;
  frozen.hash = "150a5ae16e1d1447";
  frozen.items = {{"a771", std::nullopt, "HEA-0200", "Earbuds", 7999, 1, "USD"},
                  {"b882", "blue", "MUG-01", "Mug", 1001, 2, "USD"}};
  frozen.subtotal_cents = 10001;
  frozen.tax_cents = 800;
  frozen.shipping_cents = 0;
  frozen.total_cents = 10801;
  frozen.currency = "USD";
  frozen.frozen_at = "2026-11-23T00:49:28.542064+00:00";
  checkout.frozen_receipt = frozen;
  return checkout;
}

Receipt receipt_of(const Checkout& checkout) {
  return make_receipt("http://127.0.0.1:8000", "test_card", checkout);
}

std::string refusal_of(const Checkout& checkout) {
  try {
    receipt_of(checkout);
  } catch (const Error& error) {
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(error.reason, "receipt");
    return error.what();
  }
  return "";
}

TEST(Receipt, holds_the_checkout_and_what_is_agreed_to) {
  const Checkout checkout = good_checkout();
  const Receipt receipt = receipt_of(checkout);
  EXPECT_EQ(receipt.checkout, checkout);
  EXPECT_EQ(receipt.frozen, *checkout.frozen_receipt);
  EXPECT_EQ(receipt.total(), (Money{10801, "USD"}));
}

TEST(Receipt, digests_length_prefixed_fields) {
  // constructed with Python: hashlib.sha256 over the netstrings listed in receipt.cpp.
  EXPECT_EQ(receipt_of(good_checkout()).digest,
            "896bf10efd1a7438c21eb474622415def4cb812854772b7c173da66f2129c8da");
}

TEST(Receipt, has_another_digest_when_any_agreed_field_differs) {
  const std::function<void(Checkout&)> changes[] = {
      [](Checkout& c) { c.id = "another"; },
      [](Checkout& c) { c.merchant_id = "merchant-b"; },
      [](Checkout& c) { c.merchant_checkout_id = "another"; },
      [](Checkout& c) { c.receipt_hash = "another"; },
      [](Checkout& c) { c.receipt_hash.reset(); },
      [](Checkout& c) { c.receipt_hash = ""; },
      [](Checkout& c) { c.expires_at = "2026-11-24T00:49:29Z"; },
      [](Checkout& c) { c.frozen_receipt->hash = "another"; },
      [](Checkout& c) { c.items[0].product_id = c.frozen_receipt->items[0].product_id = "x"; },
      [](Checkout& c) { c.items[0].variant_id = c.frozen_receipt->items[0].variant_id = "x"; },
      [](Checkout& c) { c.items[0].variant_id = c.frozen_receipt->items[0].variant_id = ""; },
      [](Checkout& c) { c.items[0].sku = c.frozen_receipt->items[0].sku = "x"; },
      [](Checkout& c) { c.items[0].title = c.frozen_receipt->items[0].title = "x"; },
      [](Checkout& c) {  // tax and shipping trade places, the total stays
        c.tax = Money{700, "USD"};
        c.shipping = Money{100, "USD"};
        c.frozen_receipt->tax_cents = 700;
        c.frozen_receipt->shipping_cents = 100;
      },
      [](Checkout& c) {  // the lines trade places
        std::swap(c.items[0], c.items[1]);
        std::swap(c.frozen_receipt->items[0], c.frozen_receipt->items[1]);
      },
      [](Checkout& c) {  // another currency throughout
        for (auto* money : {&*c.subtotal, &*c.tax, &*c.shipping, &*c.total})
          money->currency = "EUR";
        for (auto& item : c.items) item.unit_price.currency = item.line_total.currency = "EUR";
        for (auto& item : c.frozen_receipt->items) item.currency = "EUR";
        c.frozen_receipt->currency = "EUR";
      },
      [](Checkout& c) {  // twice as many at half the price
        c.items[1].unit_price.minor = c.frozen_receipt->items[1].unit_price_cents = 2002;
        c.items[1].quantity = c.frozen_receipt->items[1].quantity = 1;
      },
  };
  std::set<std::string> digests = {receipt_of(good_checkout()).digest};
  std::size_t number = 1;
  for (const auto& change : changes) {
    Checkout checkout = good_checkout();
    change(checkout);
    digests.insert(receipt_of(checkout).digest);
    EXPECT_EQ(digests.size(), ++number);
  }
  digests.insert(make_receipt("http://127.0.0.1:8001", "test_card", good_checkout()).digest);
  digests.insert(make_receipt("http://127.0.0.1:8000", "gift_card", good_checkout()).digest);
  EXPECT_EQ(digests.size(), number + 2);
}

TEST(Receipt, has_the_same_digest_whatever_the_status) {
  Checkout approved = good_checkout();
  approved.status = "confirmed";
  approved.approved_by = "user";
  approved.merchant_order_id = "ORD-1";
  approved.updated_at = "later";
  EXPECT_EQ(receipt_of(approved).digest, receipt_of(good_checkout()).digest);
}

TEST(Receipt, keeps_fields_apart_that_run_into_each_other) {
  Checkout one = good_checkout();
  one.items[0].sku = one.frozen_receipt->items[0].sku = "AB";
  one.items[0].title = one.frozen_receipt->items[0].title = "C";
  Checkout other = good_checkout();
  other.items[0].sku = other.frozen_receipt->items[0].sku = "A";
  other.items[0].title = other.frozen_receipt->items[0].title = "BC";
  EXPECT_NE(receipt_of(one).digest, receipt_of(other).digest);
}

TEST(Receipt, refuses_what_cannot_be_agreed_to) {
  struct Case {
    std::function<void(Checkout&)> change;
    const char* says;
  };
  const std::string long_text(kMaxIdentityBytes + 1, 'x');
  const Case cases[] = {
      {[](Checkout& c) { c.frozen_receipt.reset(); }, "has not frozen it"},
      {[](Checkout& c) { c.merchant_checkout_id.reset(); }, "the merchant's session is empty"},
      {[](Checkout& c) { c.merchant_id = ""; }, "the merchant is empty"},
      {[&](Checkout& c) { c.merchant_id = long_text; }, "the merchant has 201 bytes"},
      {[](Checkout& c) { c.frozen_receipt->currency = ""; }, "the currency is empty"},
      {[](Checkout& c) {
         c.items.clear();
         c.frozen_receipt->items.clear();
       },
       "no lines"},
      {[](Checkout& c) { c.items.pop_back(); }, "another number of lines"},
      {[](Checkout& c) {
         c.items.resize(51, c.items[0]);
         c.frozen_receipt->items.resize(51, c.frozen_receipt->items[0]);
       },
       "51 lines, more than the 50"},
      {[](Checkout& c) { c.items[0].product_id = "x"; }, "line 1 of the frozen receipt"},
      {[](Checkout& c) { c.items[1].variant_id = "red"; }, "line 2 of the frozen receipt"},
      {[](Checkout& c) { c.items[1].variant_id.reset(); }, "line 2 of the frozen receipt"},
      {[](Checkout& c) { c.items[0].sku = "x"; }, "line 1 of the frozen receipt"},
      {[](Checkout& c) { c.items[0].title = "x"; }, "line 1 of the frozen receipt"},
      {[](Checkout& c) { c.items[0].unit_price.minor = 1; }, "line 1 of the frozen receipt"},
      {[](Checkout& c) { c.items[0].unit_price.currency = "EUR"; }, "line 1 of the frozen receipt"},
      {[](Checkout& c) { c.frozen_receipt->items[0].quantity = 2; },
       "line 1 of the frozen receipt"},
      {[&](Checkout& c) { c.items[0].title = c.frozen_receipt->items[0].title = long_text; },
       "line 1 title has 201 bytes"},
      {[](Checkout& c) { c.items[0].product_id = c.frozen_receipt->items[0].product_id = ""; },
       "line 1 product id is empty"},
      {[](Checkout& c) { c.items[0].quantity = c.frozen_receipt->items[0].quantity = 0; },
       "quantity 0"},
      {[](Checkout& c) { c.items[0].quantity = c.frozen_receipt->items[0].quantity = 1000; },
       "quantity 1000"},
      {[](Checkout& c) {
         c.items[0].unit_price.minor = c.frozen_receipt->items[0].unit_price_cents = -7999;
         c.items[0].line_total.minor = -7999;
       },
       "negative price"},
      {[](Checkout& c) {
         c.items[0].unit_price.currency = c.frozen_receipt->items[0].currency = "EUR";
       },
       "another currency"},
      {[](Checkout& c) { c.items[0].line_total.currency = "EUR"; }, "another currency"},
      {[](Checkout& c) { c.items[1].line_total.minor = 2001; }, "unit price times its quantity"},
      {[](Checkout& c) {
         c.items[1].unit_price.minor = c.frozen_receipt->items[1].unit_price_cents = kLargest;
       },
       "too large"},
      {[](Checkout& c) {
         for (std::size_t i = 0; i < 2; ++i) {
           c.items[i].unit_price.minor = c.frozen_receipt->items[i].unit_price_cents = kLargest;
           c.items[i].quantity = c.frozen_receipt->items[i].quantity = 1;
           c.items[i].line_total.minor = kLargest;
         }
       },
       "too large"},
      {[](Checkout& c) { c.subtotal.reset(); }, "the subtotal is missing"},
      {[](Checkout& c) { c.tax.reset(); }, "the tax is missing"},
      {[](Checkout& c) { c.shipping.reset(); }, "the shipping is missing"},
      {[](Checkout& c) { c.total.reset(); }, "the total is missing"},
      {[](Checkout& c) { c.total->minor = 10800; }, "not the amounts of the checkout"},
      {[](Checkout& c) { c.frozen_receipt->tax_cents = 801; }, "not the amounts of the checkout"},
      {[](Checkout& c) { c.total->currency = "EUR"; }, "not the amounts of the checkout"},
      {[](Checkout& c) { c.subtotal->minor = c.frozen_receipt->subtotal_cents = 10000; },
       "do not add up to the subtotal"},
      {[](Checkout& c) { c.total->minor = c.frozen_receipt->total_cents = 10800; },
       "do not add up to the total"},
      {[](Checkout& c) {
         c.tax->minor = c.frozen_receipt->tax_cents = -1;
         c.total->minor = c.frozen_receipt->total_cents = 10000;
       },
       "negative"},
      {[](Checkout& c) { c.total->minor = c.frozen_receipt->total_cents = 0; }, "not above zero"},
      {[](Checkout& c) { c.total->minor = c.frozen_receipt->total_cents = -5; }, "not above zero"},
      {[](Checkout& c) { c.tax->minor = c.frozen_receipt->tax_cents = kLargest; }, "too large"},
  };
  for (const Case& bad : cases) {
    Checkout checkout = good_checkout();
    bad.change(checkout);
    EXPECT_THAT(refusal_of(checkout), HasSubstr(bad.says));
  }
}

TEST(Receipt, accepts_the_edges_of_what_can_be_agreed_to) {
  Checkout checkout = good_checkout();
  checkout.items.resize(1);
  checkout.frozen_receipt->items.resize(1);
  checkout.items[0].quantity = checkout.frozen_receipt->items[0].quantity = 999;
  checkout.items[0].unit_price.minor = checkout.frozen_receipt->items[0].unit_price_cents = 1;
  checkout.items[0].line_total.minor = 999;
  checkout.subtotal->minor = checkout.frozen_receipt->subtotal_cents = 999;
  checkout.tax->minor = checkout.frozen_receipt->tax_cents = 0;
  checkout.total->minor = checkout.frozen_receipt->total_cents = 999;
  checkout.items[0].title = checkout.frozen_receipt->items[0].title =
      std::string(kMaxIdentityBytes, 'x');
  checkout.items[0].sku = checkout.frozen_receipt->items[0].sku = "";
  EXPECT_EQ(refusal_of(checkout), "");
}

TEST(Receipt, recomputes_cartpilots_own_hash) {
  // constructed from CartPilot's public API documentation, which gives this very example.
  FrozenReceipt frozen;
  frozen.items = {{"a771c475644349d36b508123c16b1284", std::nullopt, "HEA-0200-000", "Earbuds",
                   7999, 1, "USD"}};
  frozen.total_cents = 8638;
  frozen.currency = "USD";
  frozen.hash = "150a5ae16e1d1447";
  EXPECT_TRUE(frozen_hash_fits(frozen));
  frozen.items[0].quantity = 2;
  EXPECT_FALSE(frozen_hash_fits(frozen));
}

TEST(Netstring, says_the_length_first) {
  EXPECT_EQ(netstring(""), "0:,");
  EXPECT_EQ(netstring("hello"), "5:hello,");
  EXPECT_EQ(netstring(std::string_view("a\0b", 3)), std::string("3:a\0b,", 6));
}

}  // namespace
}  // namespace cartpilot::commerce
