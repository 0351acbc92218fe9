// What stays unknown, what it locks, and what is said about it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gate_world.h"

namespace cartpilot::purchase {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using enum AttemptState;
using Fault = FakeCartPilot::Fault;

TEST(PurchaseGate, says_unknown_when_the_server_forgot_the_checkout) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kLoseAnswer);
  world.server.before("get", 4, [&] { world.server.lose_memory(); });
  const ToolOutcome outcome = world.confirm(world.id);
  EXPECT_EQ(code_of(outcome), "unknown");
  EXPECT_THAT(string_or(outcome.content, "do"), HasSubstr("nothing"));
  EXPECT_EQ(world.exit_code(), 13);
  EXPECT_THAT(world.gate->last_report()->message,
              AllOf(HasSubstr("86.38 USD"), HasSubstr("merchant-a"),
                    HasSubstr("CHECKOUT_NOT_FOUND"), HasSubstr("purchases resolve")));
  EXPECT_EQ(world.states().back(), kUnknown);
}

TEST(PurchaseGate, says_unknown_when_cartpilot_cannot_be_asked_and_does_not_block_the_turn) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kLoseAnswer);
  for (int nth = 4; nth < 50; ++nth) world.server.fault("get", nth, Fault::kResetBefore);
  EXPECT_EQ(code_of(world.confirm(world.id)), "unknown");
  EXPECT_EQ(world.exit_code(), 13);
  EXPECT_EQ(world.server.count("get"), 3 + 3);
  EXPECT_LE(world.clock.slept_ms, 30'000);
  EXPECT_EQ(world.server.count("confirm"), 1);
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
  EXPECT_EQ(world.exit_code(), 13);

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
  EXPECT_EQ(world.exit_code(), 0);
}

TEST(PurchaseGate, names_and_records_a_receipt_that_was_replaced_when_the_answer_is_lost) {
  Approved world;
  world.server.before("confirm", 1,
                      [&] { world.server.checkout(world.id)["merchant_checkout_id"] = "other"; });
  world.server.fault("confirm", 1, Fault::kReplaceAnswer,
                     FakeCartPilot::error(400, "MERCHANT_ERROR"));
  world.server.before("get", 4, [&] { world.server.checkout(world.id)["status"] = "approved"; });
  EXPECT_EQ(code_of(world.confirm(world.id)), "unknown");
  EXPECT_EQ(world.exit_code(), 13);
  EXPECT_THAT(world.gate->last_report()->message, HasSubstr("with another receipt"));
  EXPECT_THAT(world.journal.list().front().note, HasSubstr("with another receipt"));
  EXPECT_EQ(world.states().back(), kUnknown);
  const auto known = world.states();
  world.restart();
  EXPECT_THAT(world.gate->reconcile(world.context).at(0).message,
              HasSubstr("with another receipt"));
  EXPECT_EQ(world.states(), known);  // told at every start, recorded once
}

TEST(PurchaseGate, keeps_the_exit_code_of_an_unknown_purchase_when_a_later_call_comes_to_nothing) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kLoseAnswer);
  world.server.before("get", 4, [&] { world.server.lose_memory(); });
  world.confirm(world.id);
  EXPECT_EQ(code_of(world.approve("somebody-elses")), "NOT_OURS");
  EXPECT_EQ(world.exit_code(), 13);
  const std::string mug = world.prepare("mug");
  EXPECT_TRUE(world.approve(mug).ok);
  EXPECT_TRUE(world.confirm(mug).ok);
  EXPECT_EQ(world.exit_code(), 0);  // another attempt, and the last one
}

TEST(PurchaseGate, reports_bought_without_a_number_when_the_order_is_not_listed) {
  Approved world;
  world.server.hide_orders = true;
  world.server.fault("confirm", 1, Fault::kLoseAnswer);
  world.server.before("get", 4,
                      [&] { world.server.checkout(world.id)["merchant_order_id"] = nullptr; });
  EXPECT_TRUE(world.confirm(world.id).ok);
  EXPECT_EQ(world.exit_code(), 0);
  EXPECT_THAT(world.gate->last_report()->message, HasSubstr("number not available yet"));
}

TEST(PurchaseGate, reports_bought_when_the_order_is_confirmed_but_not_listed) {
  Approved world;
  world.server.hide_orders = true;
  world.server.fault("confirm", 1, Fault::kLoseAnswer);
  EXPECT_TRUE(world.confirm(world.id).ok);
  EXPECT_EQ(world.journal.list().front().order_id, "");
  EXPECT_EQ(world.journal.list().front().merchant_order_id, "ORD-1");
}

TEST(PurchaseGate, does_not_hold_a_failed_look_at_the_order_against_the_purchase) {
  Approved world;
  world.server.fault("get", 4, Fault::kResetBefore);
  EXPECT_TRUE(world.confirm(world.id).ok);
  EXPECT_EQ(world.exit_code(), 0);
  EXPECT_EQ(world.states().back(), kDone);
}

TEST(PurchaseGate, stays_unknown_when_only_the_repetition_was_refused) {
  Approved world;
  world.server.fault("confirm", 1, Fault::kResetBefore);
  world.server.fault("confirm", 2, Fault::kAnswerInstead,
                     FakeCartPilot::error(409, "REAPPROVAL_REQUIRED"));
  EXPECT_EQ(code_of(world.confirm(world.id)), "unknown");
  EXPECT_EQ(world.states().back(), kUnknown);
  EXPECT_EQ(world.exit_code(), 13);
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
  EXPECT_EQ(world.exit_code(), 1);

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
  EXPECT_EQ(world.exit_code(), 0);
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
