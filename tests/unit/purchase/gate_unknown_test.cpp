// What the program says and does when the answer to a confirm is not clear, what stays unknown, and
// what that locks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate_world.h"
#include "purchase/keys.h"

namespace cartpilot::purchase {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using enum AttemptState;
using Fault = FakeCartPilot::Fault;

TEST(PurchaseGate, does_not_repeat_at_merchants_that_may_not_know_their_session) {
  GateWorld world;
  const std::string id = string_or(world.create(), "id");
  world.server.checkout(id)["merchant_id"] = "merchant-new";
  world.quote(id);
  world.request_approval(id);
  world.approve(id);
  world.server.fault("confirm", 1, Fault::kResetBefore);
  EXPECT_EQ(code_of(world.confirm(id)), "unknown");
  EXPECT_EQ(world.server.count("confirm"), 1);
}

TEST(PurchaseGate, sends_a_confirm_three_times_at_most) {
  Approved world;
  world.server.fault("confirm", 0, Fault::kResetBefore);
  world.confirm(world.id);
  for (int i = 0; i < 10; ++i) {
    world.clock.passed_ms += 20'000;
    EXPECT_EQ(code_of(world.confirm(world.id)), "unknown");
  }
  EXPECT_EQ(world.server.count("confirm"), 3);
}

TEST(PurchaseGate, repeats_no_confirm_that_is_older_than_ten_minutes) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kResetBefore);
  world.server.before("confirm", 1, [&] { world.context.stop = true; });  // no look afterwards
  EXPECT_EQ(code_of(world.confirm(world.id)), "unknown");
  world.context.stop = false;
  const int looks = world.server.count("get");
  world.clock.passed_ms += 10 * 60 * 1000 + 1;
  EXPECT_EQ(code_of(world.confirm(world.id)), "unknown");
  EXPECT_EQ(world.server.count("get"), looks + 1);  // CartPilot answers, and shows it as approved
  EXPECT_EQ(world.server.count("confirm"), 1);
}

TEST(PurchaseGate, sends_nothing_once_cancelled_and_keeps_the_consent) {
  Approved world;
  world.context.stop = true;
  EXPECT_EQ(code_of(world.confirm(world.id)), "CANCELLED");
  EXPECT_EQ(world.server.count("confirm"), 0);
  EXPECT_EQ(world.end(), PurchaseEnd::kInterrupted);
  world.context.stop = false;
  EXPECT_TRUE(world.confirm(world.id).ok);
  EXPECT_EQ(world.person.questions.size(), 1U);
}

TEST(PurchaseGate, looks_when_the_answer_to_the_approve_was_lost) {
  GateWorld world;
  const std::string id = world.prepare();
  world.server.fault("approve", 1, Fault::kLoseAnswer);
  EXPECT_TRUE(world.approve(id).ok);
  EXPECT_TRUE(world.confirm(id).ok);
  EXPECT_EQ(world.server.count("approve"), 1);
}

TEST(PurchaseGate, voids_the_consent_when_cartpilot_refuses_to_approve) {
  GateWorld world;
  const std::string id = world.prepare();
  world.server.fault("approve", 1, Fault::kAnswerInstead,
                     FakeCartPilot::error(400, "CHECKOUT_EXPIRED"));
  EXPECT_EQ(code_of(world.approve(id)), "CHECKOUT_EXPIRED");
  EXPECT_EQ(world.end(), PurchaseEnd::kCartPilotFailed);
  EXPECT_EQ(code_of(world.confirm(id)), "CONSENT_REQUIRED");
  EXPECT_THAT(world.states(), ElementsAre(kConsent, kApproveSent, kVoid));
}

TEST(PurchaseGate, reports_a_cartpilot_that_cannot_be_reached_before_anything_was_sent) {
  GateWorld world;
  const std::string id = world.prepare();
  world.server.fault("get", 0, Fault::kRefuseConnection);
  EXPECT_EQ(code_of(world.approve(id)), "NETWORK_ERROR");
  EXPECT_EQ(world.end(), PurchaseEnd::kCartPilotFailed);
  EXPECT_EQ(world.person.questions.size(), 0U);
}

TEST(PurchaseGate, locks_the_basket_of_an_unknown_purchase) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kLoseAnswer);
  for (int nth = 4; nth <= 6; ++nth) world.server.fault("get", nth, Fault::kResetBefore);
  world.confirm(world.id);
  ASSERT_EQ(world.states().back(), kUnknown);
  world.gate->begin_turn();
  const std::size_t requests = world.server.requests().size();

  EXPECT_EQ(string_or(world.create(), "error_code"), "PURCHASE_UNRESOLVED");
  EXPECT_EQ(code_of(world.quote(world.id, "mug")), "PURCHASE_UNRESOLVED");
  EXPECT_EQ(code_of(world.request_approval(world.id)), "PURCHASE_UNRESOLVED");
  EXPECT_EQ(world.server.requests().size(), requests);
  EXPECT_EQ(world.end(), PurchaseEnd::kUnknown);

  // A checkout with that basket made before the lock, or past it, is stopped at the approval.
  const std::string other = string_or(world.create("mug"), "id");
  EXPECT_EQ(code_of(world.quote(other, "headphones")), "PURCHASE_UNRESOLVED");
  world.tools.call(
      "quote_checkout",
      Json{{"checkout_id", other},
           {"items", Json::array({Json{{"product_id", "headphones"}, {"quantity", 1}}})}},
      world.context);
  world.tools.call("request_approval", Json{{"checkout_id", other}}, world.context);
  EXPECT_EQ(code_of(world.approve(other)), "PURCHASE_UNRESOLVED");

  // Another basket is free.
  const std::string mug = world.prepare("mug");
  EXPECT_TRUE(world.approve(mug).ok);
  EXPECT_TRUE(world.confirm(mug).ok);
}

// Whoever sent it may still wait: nobody is told to decide yet how it ended.
TEST(PurchaseGate, says_that_another_program_is_buying_the_basket_just_now) {
  GateWorld world;
  const std::string id = world.prepare();
  const Json& item = world.server.checkout(id).at("items").at(0);
  Attempt other;
  other.id = "other";
  other.session = "another";
  other.checkout_id = "elsewhere";
  other.total = {8638, "USD"};
  other.cartpilot = world.gate->cartpilot().text();
  other.basket = basket_of("merchant-a", {{item.at("product_id").get<std::string>(), std::nullopt,
                                           item.at("quantity").get<std::int64_t>()}});
  world.journal.open(other);
  world.journal.advance("other", AttemptState::kApproved);
  world.journal.begin_send("other");

  EXPECT_EQ(code_of(world.approve(id)), "PURCHASE_UNRESOLVED");
  EXPECT_THAT(world.gate->last_report()->message,
              testing::AllOf(testing::HasSubstr("is under way"),
                             testing::Not(testing::HasSubstr("purchases resolve"))));
  world.clock.passed_ms += 61'000;
  EXPECT_EQ(code_of(world.approve(id)), "PURCHASE_UNRESOLVED");
  EXPECT_THAT(world.gate->last_report()->message,
              testing::AllOf(testing::HasSubstr("unknown outcome"),
                             testing::HasSubstr("purchases resolve other")));
  EXPECT_EQ(world.server.count("confirm"), 0);
}

TEST(PurchaseGate, refuses_a_confirm_while_the_same_basket_became_unresolved) {
  GateWorld world;
  const std::string first = world.prepare();
  world.gate->begin_turn();
  const std::string second = world.prepare();
  world.approve(first);
  world.approve(second);
  world.server.fault("confirm", 1, Fault::kLoseAnswer);
  // Three looks fail: 2 prepared questions took 2 gets each, then one before the confirm.
  for (int nth = 6; nth <= 8; ++nth) world.server.fault("get", nth, Fault::kResetBefore);
  ASSERT_EQ(code_of(world.confirm(first)), "unknown");

  EXPECT_EQ(code_of(world.confirm(second)), "PURCHASE_UNRESOLVED");
  EXPECT_EQ(world.server.count("confirm"), 1);
  EXPECT_EQ(world.server.orders().size(), 1U);
}

TEST(PurchaseGate, finds_out_on_a_later_confirm_of_the_same_checkout) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kLoseAnswer);
  for (int nth = 4; nth <= 6; ++nth) world.server.fault("get", nth, Fault::kResetBefore);
  ASSERT_EQ(code_of(world.confirm(world.id)), "unknown");
  EXPECT_TRUE(world.confirm(world.id).ok);
  EXPECT_EQ(world.server.count("confirm"), 1);
  EXPECT_EQ(world.end(), PurchaseEnd::kBought);
}

TEST(PurchaseGate, names_and_records_a_receipt_that_was_replaced_when_the_answer_is_lost) {
  Approved world;
  world.server.before("confirm", 1,
                      [&] { world.server.checkout(world.id)["merchant_checkout_id"] = "other"; });
  world.server.fault("confirm", 1, Fault::kReplaceAnswer,
                     FakeCartPilot::error(400, "MERCHANT_ERROR"));
  world.server.before("get", 4, [&] { world.server.checkout(world.id)["status"] = "approved"; });
  EXPECT_EQ(code_of(world.confirm(world.id)), "unknown");
  EXPECT_EQ(world.end(), PurchaseEnd::kUnknown);
  EXPECT_THAT(world.gate->last_report()->message, HasSubstr("with another receipt"));
  EXPECT_THAT(world.journal.list().front().note, HasSubstr("with another receipt"));
  EXPECT_EQ(world.states().back(), kUnknown);
  const auto known = world.states();
  world.restart();
  EXPECT_THAT(world.gate->reconcile(world.context).at(0).message,
              HasSubstr("with another receipt"));
  EXPECT_EQ(world.states(), known);  // told at every start, recorded once
}

TEST(PurchaseGate, keeps_the_end_of_an_unknown_purchase_when_a_later_call_comes_to_nothing) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kLoseAnswer);
  world.server.before("get", 4, [&] { world.server.lose_memory(); });
  world.confirm(world.id);
  EXPECT_EQ(code_of(world.approve("somebody-elses")), "NOT_OURS");
  EXPECT_EQ(world.end(), PurchaseEnd::kUnknown);
  const std::string mug = world.prepare("mug");
  EXPECT_TRUE(world.approve(mug).ok);
  EXPECT_TRUE(world.confirm(mug).ok);
  EXPECT_EQ(world.end(), PurchaseEnd::kBought);  // another attempt, and the last one
}

TEST(PurchaseGate, does_not_hold_a_failed_look_at_the_order_against_the_purchase) {
  Approved world;
  world.server.fault("get", 4, Fault::kResetBefore);
  EXPECT_TRUE(world.confirm(world.id).ok);
  EXPECT_EQ(world.end(), PurchaseEnd::kBought);
  EXPECT_EQ(world.states().back(), kDone);
}

TEST(PurchaseGate, stays_unknown_when_only_the_repetition_was_refused) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kResetBefore);
  for (const int nth : {2, 3}) {
    world.server.fault("confirm", nth, Fault::kAnswerInstead,
                       FakeCartPilot::error(409, "REAPPROVAL_REQUIRED"));
  }
  EXPECT_EQ(code_of(world.confirm(world.id)), "unknown");
  EXPECT_EQ(world.states().back(), kUnknown);
  EXPECT_EQ(world.end(), PurchaseEnd::kUnknown);
}

TEST(PurchaseGate, stops_waiting_for_an_unknown_outcome_when_cancelled) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kResetBefore);
  world.server.before("get", 4, [&] { world.context.stop = true; });
  EXPECT_EQ(code_of(world.confirm(world.id)), "unknown");
  EXPECT_LE(world.clock.slept_ms, 50);
}

TEST(PurchaseGate, sends_nothing_when_the_record_cannot_be_written) {
  GateWorld world;
  const std::string id = world.prepare();
  world.journal.install_secret();
  world.db.run("PRAGMA query_only = ON");
  EXPECT_EQ(code_of(world.approve(id)), "STATE_UNAVAILABLE");
  EXPECT_EQ(world.server.count("approve"), 0);
  EXPECT_EQ(world.end(), PurchaseEnd::kNoRecord);

  world.db.run("PRAGMA query_only = OFF");
  EXPECT_TRUE(world.approve(id).ok);
  world.db.run("PRAGMA query_only = ON");
  EXPECT_EQ(code_of(world.confirm(id)), "STATE_UNAVAILABLE");
  EXPECT_EQ(world.server.count("confirm"), 0);
}

TEST(PurchaseGate, says_bought_and_finds_it_again_when_the_order_could_not_be_recorded) {
  Approved world;
  world.server.before("confirm", 1, [&] { world.db.run("PRAGMA query_only = ON"); });
  EXPECT_TRUE(world.confirm(world.id).ok);
  EXPECT_EQ(world.end(), PurchaseEnd::kBought);
  EXPECT_THAT(world.gate->last_report()->message, HasSubstr("could not be recorded"));

  world.db.run("PRAGMA query_only = OFF");
  EXPECT_EQ(world.states().back(), kConfirmSent);
  world.restart();
  const auto reports = world.gate->reconcile(world.context);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].outcome, PurchaseOutcome::kDone);
  EXPECT_EQ(world.server.orders().size(), 1U);
}

}  // namespace
}  // namespace cartpilot::purchase
