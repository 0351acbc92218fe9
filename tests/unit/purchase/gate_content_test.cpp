// What was agreed to is what is bought.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate_world.h"

namespace cartpilot::purchase {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;
using enum AttemptState;

TEST(PurchaseGate, voids_the_consent_when_the_checkout_left_its_state_while_the_person_thought) {
  const std::pair<const char*, PurchaseEnd> states[] = {{"failed", PurchaseEnd::kChanged},
                                                        {"cancelled", PurchaseEnd::kChanged},
                                                        {"confirmed", PurchaseEnd::kNotAsAgreed}};
  for (const auto& [state, end] : states) {
    GateWorld world;
    const std::string id = world.prepare();
    world.person.meanwhile = [&, &now = state] { world.server.checkout(id)["status"] = now; };
    EXPECT_EQ(world.approve(id).ok, false) << state;
    EXPECT_EQ(world.server.count("approve"), 0) << state;
    EXPECT_EQ(world.end(), end) << state;
    EXPECT_THAT(world.states(), ElementsAre(kConsent, kVoid)) << state;
  }
}

TEST(PurchaseGate, says_when_other_products_are_on_the_receipt_than_were_asked_for) {
  GateWorld world;
  const std::string id = string_or(world.create("headphones", 1), "id");
  world.quote(id, "mug", 1);
  world.request_approval(id);
  world.approve(id);
  EXPECT_THAT(world.person.questions.at(0).note,
              StartsWith("NOT the products that were asked for\n"));
}

TEST(PurchaseGate, says_when_cartpilots_own_hash_does_not_fit) {
  GateWorld world;
  const std::string id = world.prepare();
  world.server.checkout(id)["frozen_receipt"]["hash"] = "0000000000000000";
  world.approve(id);
  EXPECT_THAT(world.person.questions.at(0).note,
              StartsWith("CartPilot's own receipt hash does not fit these lines\n"));
}

TEST(PurchaseGate, does_not_ask_about_a_checkout_that_expires_within_a_minute_or_unreadably) {
  for (const char* expiry :
       {"2026-11-23T00:50:27Z", "2026-11-22T00:00:00Z", "tomorrow", "", "2026-11-24 00:49:28Z",
        "2026-11-24T00:49:28+00:00", "2026-11-24T00:49:28+00:00Z", "2026-13-24T00:49:28Z"}) {
    GateWorld world;
    const std::string id = world.prepare();
    world.server.checkout(id)["expires_at"] = expiry;
    EXPECT_EQ(code_of(world.approve(id)), "CHECKOUT_EXPIRED") << expiry;
    EXPECT_THAT(world.person.questions, IsEmpty()) << expiry;
  }
}

TEST(PurchaseGate, never_repeats_a_purchase_that_is_not_as_agreed_as_a_plain_one) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.server.before("confirm", 1, [&] {
    world.server.checkout(id)["items"][0]["product_id"] = "earbuds";
    world.server.checkout(id)["frozen_receipt"]["items"][0]["product_id"] = "earbuds";
  });
  EXPECT_EQ(code_of(world.confirm(id)), "NOT_AS_AGREED");
  EXPECT_EQ(world.end(), PurchaseEnd::kNotAsAgreed);
  const std::string loud = "purchase: not as agreed";
  EXPECT_EQ(world.events.lines.back(), loud);
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(code_of(world.confirm(id)), "NOT_AS_AGREED");
    EXPECT_EQ(world.events.lines.back(), loud);
    EXPECT_EQ(code_of(world.approve(id)), "NOT_AS_AGREED");
    EXPECT_EQ(world.end(), PurchaseEnd::kNotAsAgreed);
    world.restart();
  }
}

TEST(PurchaseGate, tells_when_the_checkout_was_confirmed_from_elsewhere) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.client.confirm(id, "test_card", "", {}, world.context);
  EXPECT_EQ(code_of(world.confirm(id)), "ALREADY_CONFIRMED");
  EXPECT_EQ(world.server.count("confirm"), 1);
  EXPECT_EQ(world.end(), PurchaseEnd::kNotAsAgreed);
}

}  // namespace
}  // namespace cartpilot::purchase
