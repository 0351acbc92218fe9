// The same basket again: nobody is asked under a standing permission, so the record decides.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cartpilot/error.h"
#include "gate_world.h"
#include "purchase/keys.h"
#include "temporary_folder.h"

namespace cartpilot::purchase {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr std::int64_t kHourMs = 60 * 60 * 1000;

PurchasePolicy standing(int repeats = 0) {
  PurchasePolicy policy = parse_policy("up-to:500:USD", "merchant-a");
  if (repeats > 0) allow_repeats(policy, repeats);
  policy.limits.session = policy.limits.day = {1'000'000, "USD"};
  return policy;
}

/// The code of the first call that is refused, "" when it was bought.
std::string buy(GateWorld& world, const std::string& product = "headphones", int quantity = 1) {
  world.gate->begin_turn();
  const std::string id = world.prepare(product, quantity);
  world.server.checkout(id)["expires_at"] = "2026-12-24T00:49:28.023294Z";
  const ToolOutcome approved = world.approve(id);
  return approved.ok ? code_of(world.confirm(id)) : code_of(approved);
}

TEST(RepeatedBasket, is_refused_under_a_standing_permission_for_24_hours) {
  GateWorld world(standing());
  EXPECT_EQ(buy(world), "");
  EXPECT_EQ(buy(world), "REPEATED_BASKET");
  EXPECT_EQ(world.end(), PurchaseEnd::kRefused);
  EXPECT_THAT(world.gate->last_report()->message,
              AllOf(HasSubstr("just now"), HasSubstr(world.journal.list().front().id),
                    HasSubstr("--allow-repeat")));
  EXPECT_EQ(world.server.orders().size(), 1U);
  EXPECT_EQ(buy(world, "mug"), "");  // another basket
  EXPECT_EQ(buy(world, "headphones", 2), "");
  world.restart("session-2");  // another program and conversation
  EXPECT_EQ(buy(world), "REPEATED_BASKET");
  world.clock.passed_ms += 24 * kHourMs - 60'000;
  EXPECT_EQ(buy(world), "REPEATED_BASKET");
  EXPECT_THAT(world.gate->last_report()->message, HasSubstr("23 hours ago"));
  world.clock.passed_ms += 2 * 60'000;
  EXPECT_EQ(buy(world), "");
  EXPECT_EQ(world.server.orders().size(), 4U);
}

TEST(RepeatedBasket, is_bought_as_often_as_the_flag_says_in_one_run) {
  GateWorld world(standing(2));
  EXPECT_EQ(buy(world), "");
  EXPECT_EQ(buy(world), "");
  EXPECT_EQ(buy(world, "mug"), "");  // no repetition, so it does not count
  EXPECT_EQ(buy(world), "");
  EXPECT_EQ(buy(world), "REPEATED_BASKET");
  EXPECT_EQ(buy(world, "mug"), "REPEATED_BASKET");  // both are used up
  world.restart();
  EXPECT_EQ(buy(world, "mug"), "");
  EXPECT_EQ(world.server.orders().size(), 5U);
  EXPECT_THAT(world.journal.list().front().by, HasSubstr("--allow-repeat 2"));
}

TEST(RepeatedBasket, is_refused_again_under_the_lock_that_records_the_send) {
  GateWorld world(standing());
  const std::string first = world.prepare();
  world.gate->begin_turn();  // or create_checkout would answer the same checkout
  const std::string second = world.prepare();
  EXPECT_TRUE(world.approve(first).ok);
  EXPECT_TRUE(world.approve(second).ok);  // nothing is bought yet
  EXPECT_TRUE(world.confirm(first).ok);
  EXPECT_EQ(code_of(world.confirm(second)), "REPEATED_BASKET");
  EXPECT_EQ(world.server.count("confirm"), 1);
  EXPECT_EQ(world.states().back(), AttemptState::kVoid);
  EXPECT_EQ(world.end(), PurchaseEnd::kRefused);
}

TEST(RepeatedBasket, that_was_not_bought_is_none) {
  GateWorld world(standing());
  world.server.fault("confirm", 1, FakeCartPilot::Fault::kAnswerInstead,
                     FakeCartPilot::error(400, "QUOTE_REQUIRED"));
  EXPECT_EQ(buy(world), "QUOTE_REQUIRED");
  EXPECT_EQ(buy(world), "");
  EXPECT_EQ(buy(world), "REPEATED_BASKET");
}

TEST(RepeatedBasket, is_asked_about_when_there_is_a_person) {
  GateWorld world;
  EXPECT_EQ(buy(world), "");
  EXPECT_EQ(buy(world), "");
  EXPECT_EQ(world.person.questions.size(), 3U);  // the repetition twice
}

TEST(RepeatedBasket, is_named_for_a_day_and_asked_about_twice_for_an_hour) {
  GateWorld world;
  EXPECT_EQ(buy(world), "");
  world.clock.passed_ms += 2 * 60 * 60'000;
  EXPECT_EQ(buy(world), "");
  ASSERT_EQ(world.person.questions.size(), 2U);
  EXPECT_THAT(world.person.questions.back().note,
              HasSubstr("the same basket was bought 2 hours ago"));
  world.clock.passed_ms += 25 * 60 * 60'000LL;
  EXPECT_EQ(buy(world), "");
  ASSERT_EQ(world.person.questions.size(), 3U);
  EXPECT_THAT(world.person.questions.back().note,
              testing::Not(HasSubstr("the same basket was bought")));
}

TEST(RepeatedBasket, that_was_bought_after_the_question_is_asked_about_again) {
  GateWorld world;
  const std::string first = world.prepare();
  world.gate->begin_turn();
  const std::string second = world.prepare();
  EXPECT_TRUE(world.approve(first).ok);
  EXPECT_TRUE(world.approve(second).ok);  // neither question can name the other purchase
  world.clock.passed_ms += 1000;
  EXPECT_TRUE(world.confirm(first).ok);
  EXPECT_EQ(code_of(world.confirm(second)), "REPEATED_BASKET");
  EXPECT_THAT(world.gate->last_report()->message,
              AllOf(HasSubstr("the same basket was bought just now"), HasSubstr("ask again")));
  EXPECT_EQ(world.server.count("confirm"), 1);
  world.gate->begin_turn();
  EXPECT_TRUE(world.approve(second).ok);
  EXPECT_THAT(world.person.questions.back().note, HasSubstr("the same basket was bought"));
  EXPECT_TRUE(world.confirm(second).ok);
}

// Another program buys it while this one waits for its answer.
TEST(RepeatedBasket, that_another_program_bought_while_the_person_thought_is_asked_about_again) {
  GateWorld world;
  const std::string id = world.prepare();
  world.person.meanwhile = [&] {
    world.clock.passed_ms += 1000;
    Attempt other;
    other.id = "other";
    other.session = "another";
    other.checkout_id = "elsewhere";
    other.total = {8638, "USD"};
    other.cartpilot = world.gate->cartpilot().text();
    const Json& item = world.server.checkout(id).at("items").at(0);
    other.basket = basket_of("merchant-a", {{item.at("product_id").get<std::string>(), std::nullopt,
                                             item.at("quantity").get<std::int64_t>()}});
    world.journal.open(other);
    world.journal.advance("other", AttemptState::kApproved);
    world.journal.begin_send("other");
    world.journal.advance("other", AttemptState::kDone);
  };
  EXPECT_TRUE(world.approve(id).ok);
  EXPECT_EQ(code_of(world.confirm(id)), "REPEATED_BASKET");
  EXPECT_EQ(world.server.count("confirm"), 0);
}

TEST(RepeatedBasket, flag_goes_with_a_standing_permission_only) {
  for (const char* mode : {"ask", "never"}) {
    PurchasePolicy policy = parse_policy(mode, "");
    EXPECT_THROW(allow_repeats(policy, 1), Error) << mode;
  }
}

}  // namespace
}  // namespace cartpilot::purchase
