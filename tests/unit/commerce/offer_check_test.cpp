#include "commerce/offer_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/commerce/sample_bodies.h"

namespace cartpilot::commerce {
namespace {

using namespace fakes;

// 2026-11-23T01:48:34.179Z, when the sample offer expires.
constexpr std::int64_t kOfferEnds = 1'795'398'514'179;

Offer offer_with(const Json& changes) {
  Json body = offer_body();
  body.update(changes);
  return parse_offer(body);
}

TEST(PriceLimit, is_read_from_the_usual_ways_to_say_it) {
  const std::vector<std::pair<const char*, Money>> cases = {
      {"wireless headphones under $100", {10'000, "USD"}},
      {"a lamp below 50 EUR please", {5'000, "EUR"}},
      {"less than 99.99", {9'999, "USD"}},
      {"Up to \xC2\xA3"
       "20",
       {2'000, "GBP"}},
      {"laptop, at most 1,500 dollars", {150'000, "USD"}},
      {"max $30", {3'000, "USD"}},
      {"maximum of 30 bucks", {3'000, "USD"}},
      {"no more than \xE2\x82\xAC"
       "12.5",
       {1'250, "EUR"}},
      {"cheaper than usd 7", {700, "USD"}},
      {"UNDER 40 EUROS", {4'000, "EUR"}},
  };
  for (const auto& [wish, limit] : cases) EXPECT_EQ(price_limit_in(wish), limit) << wish;
}

TEST(PriceLimit, is_none_where_none_is_named) {
  for (const char* wish :
       {"", "wireless headphones", "a lamp for $100", "size under ten", "thunder 50", "under $",
        "under 50% discount", "under 10.999", "under 5 kg", "up to 4 players", "within 5 days",
        "under 99999999999999", "\xff under $5"}) {
    EXPECT_EQ(price_limit_in(wish), std::nullopt) << wish;
  }
}

TEST(PriceLimit, of_an_offer_is_that_of_its_wish) {
  EXPECT_EQ(price_limit_of(offer_with(Json::object())), std::nullopt);
  EXPECT_EQ(price_limit_of(offer_with({{"metadata", {{"query", "lamp under $20"}}}})),
            (Money{2'000, "USD"}));
}

TEST(OfferCheck, names_the_items_past_the_limit_or_in_another_currency) {
  const Offer offer = offer_with(Json::object());
  EXPECT_EQ(items_over(offer, {2'499, "USD"}).size(), 0u);
  const auto over = items_over(offer, {2'498, "USD"});
  ASSERT_EQ(over.size(), 1u);
  EXPECT_EQ(over[0]->product_id, "p1");
  EXPECT_EQ(items_over(offer, {9'999, "EUR"}).size(), 1u);
}

TEST(OfferCheck, knows_an_empty_offer) {
  EXPECT_FALSE(is_empty(offer_with(Json::object())));
  EXPECT_TRUE(is_empty(offer_with(
      {{"items", Json::array()}, {"lowest_price", nullptr}, {"highest_price", nullptr}})));
}

TEST(OfferCheck, knows_an_expired_offer_by_word_or_by_clock) {
  EXPECT_FALSE(has_expired(offer_with(Json::object()), kOfferEnds));
  EXPECT_TRUE(has_expired(offer_with(Json::object()), kOfferEnds + 1));
  EXPECT_TRUE(has_expired(offer_with({{"is_expired", true}}), 0));
  EXPECT_FALSE(has_expired(offer_with({{"expires_at", nullptr}}), kOfferEnds + 1));
  EXPECT_FALSE(has_expired(offer_with({{"expires_at", "some day"}}), kOfferEnds + 1));
}

TEST(OfferCheck, knows_an_expired_checkout_by_the_clock_until_it_is_bought) {
  Json body = created_checkout_body();
  body["expires_at"] = "2026-11-23T01:48:34.179232Z";
  EXPECT_FALSE(has_expired(parse_checkout(body), kOfferEnds));
  EXPECT_TRUE(has_expired(parse_checkout(body), kOfferEnds + 1));
  body["status"] = "confirmed";
  EXPECT_FALSE(has_expired(parse_checkout(body), kOfferEnds + 1));
}

}  // namespace
}  // namespace cartpilot::commerce
