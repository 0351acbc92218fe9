// What the gate does to calls that prepare a purchase.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate_world.h"

namespace cartpilot::purchase {
namespace {

using testing::MatchesRegex;

std::string key_of_create(GateWorld& world, Json arguments) {
  ToolCall call{"1", "create_checkout", std::move(arguments), "", nullptr};
  EXPECT_EQ(world.gate->before_write(call), std::nullopt);
  return string_or(call.arguments, "idempotency_key");
}

Json create_arguments(const std::string& offer, std::int64_t quantity) {
  return Json{{"offer_id", offer},
              {"items", Json::array({Json{{"product_id", "mug"}, {"quantity", quantity}}})},
              {"idempotency_key", "chosen-by-the-model"}};
}

TEST(PurchaseGate, replaces_the_models_key_by_one_derived_from_the_request) {
  GateWorld world;
  const std::string key = key_of_create(world, create_arguments("offer-a", 1));
  EXPECT_THAT(key, MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(key_of_create(world, create_arguments("offer-a", 1)), key);
  EXPECT_NE(key_of_create(world, create_arguments("offer-b", 1)), key);
  EXPECT_NE(key_of_create(world, create_arguments("offer-a", 2)), key);
  world.gate->begin_turn();
  EXPECT_NE(key_of_create(world, create_arguments("offer-a", 1)), key);
}

TEST(PurchaseGate, does_not_meet_the_checkouts_of_an_earlier_process_of_the_same_conversation) {
  GateWorld world;
  const std::string key = key_of_create(world, create_arguments("offer-a", 1));
  world.restart();
  EXPECT_NE(key_of_create(world, create_arguments("offer-a", 1)), key);
}

TEST(PurchaseGate, makes_one_checkout_of_a_create_repeated_within_a_turn) {
  GateWorld world;
  const std::string first = string_or(world.create(), "id");
  EXPECT_EQ(string_or(world.create(), "id"), first);
  EXPECT_NE(string_or(world.create("headphones", 2), "id"), first);
}

TEST(PurchaseGate, lets_other_writes_pass_unchanged) {
  GateWorld world;
  ToolCall call{"1", "create_intent", Json{{"query", "a mug"}}, "", nullptr};
  EXPECT_EQ(world.gate->before_write(call), std::nullopt);
  EXPECT_EQ(call.arguments, (Json{{"query", "a mug"}}));
}

TEST(PurchaseGate, refuses_to_quote_a_checkout_that_waits_for_its_confirm) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  const int quotes = world.server.count("quote");
  EXPECT_EQ(code_of(world.quote(id, "earbuds")), "PURCHASE_IN_PROGRESS");
  EXPECT_EQ(world.server.count("quote"), quotes);
  EXPECT_TRUE(world.confirm(id).ok);
}

TEST(PurchaseGate, lets_a_checkout_be_quoted_again_when_its_consent_has_lapsed) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.clock.passed_ms += 5 * 60 * 1000;
  EXPECT_TRUE(world.quote(id).ok);
}

TEST(PurchaseGate, ends_a_consent_half_a_minute_before_its_checkout) {
  GateWorld world;
  const std::string id = world.prepare();
  world.clock.passed_ms += (24 * 60 - 3) * 60 * 1000;  // three minutes are left
  EXPECT_TRUE(world.approve(id).ok);
  world.clock.passed_ms += 149 * 1000;
  EXPECT_EQ(code_of(world.quote(id, "earbuds")), "PURCHASE_IN_PROGRESS");
  world.clock.passed_ms += 2 * 1000;
  EXPECT_TRUE(world.quote(id, "earbuds").ok);
  EXPECT_EQ(world.states().back(), AttemptState::kVoid);
}

TEST(PurchaseGate, remembers_only_checkouts_that_were_made) {
  GateWorld world;
  const std::string id = string_or(world.create(), "id");
  EXPECT_TRUE(world.journal.knows_checkout("session-1", id));
  EXPECT_FALSE(world.journal.knows_checkout("session-2", id));
  world.gate->after_write({"1", "create_checkout", Json::object(), "", nullptr},
                          {false, Json{{"id", "id-9999"}}});
  EXPECT_FALSE(world.journal.knows_checkout("session-1", "id-9999"));
}

}  // namespace
}  // namespace cartpilot::purchase
