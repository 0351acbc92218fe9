#include "sandbox/service/offer_search.h"

#include <gmock/gmock.h>

#include "sandbox/merchant/merchant.h"
#include "sandbox/wire/unicode_text.h"

namespace cartpilot::sandbox {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

const Catalogue& shop_a() {
  static const Merchant::Profile profile = merchant_a_profile();
  static const Catalogue catalogue(profile.id, profile.seed, profile.stock);
  return catalogue;
}

std::vector<std::string> skus(const std::string& query) {
  std::vector<std::string> result;
  for (const Product* product : matching_products(shop_a(), query)) result.push_back(product->sku);
  return result;
}

TEST(SearchKeywords, drops_stop_words_and_short_words_and_keeps_prices) {
  EXPECT_THAT(search_keywords("I want to buy Wireless headphones under $100 please, please"),
              ElementsAre("wireless", "headphones", "$100", "please"));
}

TEST(SearchKeywords, looks_at_stop_words_before_it_strips_punctuation) {
  EXPECT_THAT(search_keywords("(the) \"best\"! (a) ... tv"), ElementsAre("the", "best", "a", ""));
}

TEST(SearchKeywords, counts_code_points_and_lowers_letters_beyond_ascii) {
  EXPECT_THAT(search_keywords("ÄÖ ÄÖÜ\u3000KOPFHÖRER"), ElementsAre("äöü", "kopfhörer"));
}

TEST(SearchKeywords, finds_none_in_words_that_say_nothing) {
  EXPECT_THAT(search_keywords("cheap"), IsEmpty());
  EXPECT_THAT(search_keywords("a b c"), IsEmpty());
  EXPECT_THAT(search_keywords("   "), IsEmpty());
}

TEST(MatchingProducts, takes_the_hits_of_the_first_keyword_first) {
  EXPECT_THAT(
      skus("wireless headphones under $100"),
      ElementsAre("HEA-0200-000", "HEA-0200-004", "HEA-0200-001", "HEA-0200-002", "HEA-0200-003"));
}

TEST(MatchingProducts, gives_the_first_ten_of_the_catalogue_for_a_wish_without_keywords) {
  for (const char* query : {"cheap", "a b c", "..."}) {
    const std::vector<std::string> found = skus(query);
    ASSERT_THAT(found, SizeIs(10)) << query;
    EXPECT_EQ(found.front(), "LAP-0100-000");
    EXPECT_EQ(found.back(), "HEA-0200-004");
  }
}

TEST(MatchingProducts, finds_nothing_for_words_that_no_text_contains) {
  for (const char* query : {"test order", "test product", "running shoes size 10"}) {
    EXPECT_THAT(skus(query), IsEmpty()) << query;
  }
}

TEST(MatchingProducts, matches_inside_words) {
  const std::vector<std::string> found = skus("book");
  EXPECT_THAT(found, testing::Contains(StartsWith("LAP-")));
  EXPECT_THAT(found, testing::Contains(StartsWith("BOO-")));
}

TEST(MatchingProducts, finds_every_category_by_its_name) {
  EXPECT_THAT(skus("laptops"), AllOf(SizeIs(5), Each(StartsWith("LAP-"))));
  EXPECT_THAT(skus("backpacks"), AllOf(SizeIs(5), Each(StartsWith("BAC-"))));
  EXPECT_THAT(skus("t-shirts"), AllOf(SizeIs(5), Each(StartsWith("T-S-"))));
  EXPECT_THAT(skus("lamps"), AllOf(SizeIs(5), Each(StartsWith("DES-"))));
}

TEST(MatchingProducts, looks_at_three_keywords_only) {
  EXPECT_THAT(skus("nothing1 nothing2 nothing3 headphones"), IsEmpty());
}

TEST(MatchingProducts, leaves_out_what_is_sold_out) {
  Catalogue catalogue = shop_a();
  catalogue.find("a771c475644349d36b508123c16b1284")->in_stock = false;
  EXPECT_THAT(matching_products(catalogue, "headphones"), SizeIs(4));
}

TEST(UnicodeText, tells_utf8_from_other_bytes) {
  EXPECT_TRUE(is_utf8("Kopfhörer 🎧 é"));
  EXPECT_TRUE(is_utf8(""));
  for (const char* bytes : {"\xff", "\x80", "a\xc3", "\xe2\x82", "\xc0\xaf", "\xed\xa0\x80",
                            "\xf4\x90\x80\x80", "\xf0\x9f\x8e", "\xf8\x88\x80\x80\x80"}) {
    EXPECT_FALSE(is_utf8(bytes)) << testing::PrintToString(std::string(bytes));
  }
}

}  // namespace
}  // namespace cartpilot::sandbox
