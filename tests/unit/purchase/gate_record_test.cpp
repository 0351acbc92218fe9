// The record and the budget behind the gate: synced before a request, trusted only when whole,
// shared by all programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faulty_disk.h"
#include "gate_world.h"
#include "purchase/chain_head.h"
#include "temporary_folder.h"

namespace cartpilot::purchase {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using enum AttemptState;
using Fault = FakeCartPilot::Fault;

PurchasePolicy limited(std::int64_t session, std::int64_t day) {
  PurchasePolicy policy = parse_policy("ask", "");
  policy.limits = parse_limits("", "", "");
  policy.limits.session = {session, "USD"};
  policy.limits.day = {day, "USD"};
  return policy;
}

TEST(PurchaseGate, syncs_the_record_before_the_request_leaves) {
  const TemporaryFolder folder;
  const FaultyDisk disk;
  GateWorld world(parse_policy("ask", ""), folder.path() / "state.db");
  const std::string id = world.prepare();
  int before = disk.syncs();
  int at_approve = -1;
  int at_confirm = -1;
  world.server.before("approve", 1, [&] { at_approve = disk.syncs() - before; });
  world.approve(id);
  before = disk.syncs();
  world.server.before("confirm", 1, [&] { at_confirm = disk.syncs() - before; });
  EXPECT_TRUE(world.confirm(id).ok);
  EXPECT_GE(at_approve, 2);  // the consent, and that it is on its way
  EXPECT_GE(at_confirm, 1);
  EXPECT_GE(disk.syncs() - before, 2);  // and the end
}

TEST(PurchaseGate, buys_nothing_while_the_record_is_altered_deleted_or_rolled_back) {
  const std::function<void(store::StateDb&)> changes[] = {
      [](store::StateDb& db) {
        db.run(
            "UPDATE purchase_events SET record = replace(record, '8638', '1') WHERE "
            "seq = 3");
      },
      [](store::StateDb& db) {
        db.run("DELETE FROM purchase_events");
        db.run("DELETE FROM purchases");
      }};
  for (const auto& change : changes) {
    const TemporaryFolder folder;
    const auto state = folder.path() / "state.db";
    GateWorld world(parse_policy("ask", ""), state);
    const std::string first = world.prepare();
    world.approve(first);
    ASSERT_TRUE(world.confirm(first).ok);
    EXPECT_TRUE(noted_chain_head(world.db.note_place()).has_value());
    change(world.db);
    world.restart();
    const std::string second = world.prepare("mug");
    EXPECT_EQ(code_of(world.approve(second)), "RECORD_DISTRUSTED");
    EXPECT_EQ(code_of(world.confirm(second)), "RECORD_DISTRUSTED");
    EXPECT_EQ(world.end(), PurchaseEnd::kNoRecord);
    EXPECT_EQ(world.person.questions.size(), 1U);
    EXPECT_THAT(world.gate->reconcile(world.context), IsEmpty());

    world.journal.start_anew();
    EXPECT_EQ(world.journal.integrity_problem(), std::nullopt);
    world.journal.resolve_gap();
    world.restart();
    EXPECT_TRUE(world.approve(second).ok);
    EXPECT_TRUE(world.confirm(second).ok);
    EXPECT_EQ(world.journal.verify(), std::nullopt);
  }
}

TEST(PurchaseGate, starts_a_new_record_that_keeps_locks_and_spending) {
  const TemporaryFolder folder;
  GateWorld world(parse_policy("ask", ""), folder.path() / "state.db");
  const std::string id = world.prepare();
  world.approve(id);
  world.server.fault("confirm", 0, Fault::kAnswerInstead, FakeCartPilot::error(404, "GONE"));
  world.server.before("confirm", 1, [&] { world.server.lose_memory(); });
  EXPECT_EQ(code_of(world.confirm(id)), "unknown");
  world.db.run("UPDATE purchase_events SET note = 'x' WHERE seq = 1");
  world.journal.start_anew();
  EXPECT_EQ(world.journal.unfinished().size(), 1U);
  EXPECT_EQ(world.journal.spent("USD", "session-1"), (Spent{8638, 8638}));
  EXPECT_EQ(world.journal.integrity_problem(), std::nullopt);
  EXPECT_EQ(string_or(world.create(), "error_code"), "PURCHASE_UNRESOLVED");
}

TEST(PurchaseGate, asks_nobody_about_what_goes_over_a_limit) {
  GateWorld day(limited(1'000'000, 10'000));
  const std::string first = day.prepare();
  day.approve(first);
  EXPECT_TRUE(day.confirm(first).ok);
  EXPECT_EQ(code_of(day.approve(day.prepare("mug"))), "OVER_LIMIT");  // 26.18 more
  EXPECT_EQ(day.end(), PurchaseEnd::kRefused);
  EXPECT_THAT(day.gate->last_report()->message, HasSubstr("--limit-day"));
  EXPECT_EQ(day.person.questions.size(), 1U);

  GateWorld session(limited(10'000, 1'000'000));
  const std::string one = session.prepare();
  session.approve(one);
  EXPECT_TRUE(session.confirm(one).ok);
  EXPECT_EQ(code_of(session.approve(session.prepare("mug"))), "OVER_LIMIT");
  session.restart("session-2");
  EXPECT_TRUE(session.approve(session.prepare("mug")).ok);

  PurchasePolicy small = parse_policy("ask", "");
  small.limits.order = {8637, "USD"};
  GateWorld order(small);
  EXPECT_EQ(code_of(order.approve(order.prepare())), "OVER_LIMIT");
  EXPECT_THAT(order.person.questions, IsEmpty());
  small.limits.order = {8638, "USD"};
  GateWorld exact(small);
  EXPECT_TRUE(exact.approve(exact.prepare()).ok);
}

TEST(PurchaseGate, holds_the_limit_again_under_the_lock_that_records_the_send) {
  GateWorld world(limited(1'000'000, 10'000));
  const std::string first = world.prepare();
  const std::string second = world.prepare("mug");
  world.approve(first);
  world.approve(second);  // each fits alone
  EXPECT_TRUE(world.confirm(first).ok);
  EXPECT_EQ(code_of(world.confirm(second)), "OVER_LIMIT");
  EXPECT_EQ(world.server.count("confirm"), 1);
  EXPECT_EQ(world.end(), PurchaseEnd::kRefused);
  EXPECT_EQ(world.states().back(), kVoid);
}

TEST(PurchaseGate, counts_an_unknown_purchase_as_spent_and_a_void_one_not) {
  GateWorld world(limited(1'000'000, 10'000));
  const std::string id = world.prepare();
  world.approve(id);
  world.server.fault("confirm", 1, Fault::kLoseAnswer);
  world.server.before("get", 4, [&] { world.server.lose_memory(); });
  EXPECT_EQ(code_of(world.confirm(id)), "unknown");
  EXPECT_EQ(code_of(world.approve(world.prepare("mug"))), "OVER_LIMIT");
  world.journal.resolve(world.journal.list().front().id, false);
  EXPECT_TRUE(world.approve(world.prepare("mug")).ok);
}

TEST(PurchaseGate, forgets_spending_after_24_hours_but_not_because_the_clock_was_set_back) {
  GateWorld world(limited(1'000'000, 10'000));
  const std::string id = world.prepare();
  world.approve(id);
  EXPECT_TRUE(world.confirm(id).ok);
  EXPECT_EQ(world.journal.spent("USD", "session-2"), (Spent{0, 8638}));
  EXPECT_EQ(world.journal.spent("EUR", "session-1"), (Spent{0, 0}));
  world.clock.passed_ms += 24 * 60 * 60 * 1000 - 1;
  EXPECT_EQ(world.journal.spent("USD", "session-2").day, 8638);
  world.clock.passed_ms += 1;
  EXPECT_EQ(world.journal.spent("USD", "session-1"), (Spent{8638, 0}));
  world.clock.skew_ms = -3LL * 24 * 60 * 60 * 1000;
  EXPECT_EQ(world.journal.spent("USD", "session-2").day, 8638);
}

TEST(PurchaseGate, cuts_off_a_confirm_only_when_the_person_insists) {
  for (const bool insists : {false, true}) {
    GateWorld world;
    const std::string id = world.prepare();
    bool asked_twice = false;
    PurchaseGate gate(world.client, world.journal, world.policy, world.questions, world.person,
                      world.events, "session-1", world.clock.gate_clock(),
                      [&] { return asked_twice; });
    const auto money = [&](const char* function) {
      return gate.run_money({"1", function, Json{{"checkout_id", id}}, "", nullptr}, world.context);
    };
    ASSERT_TRUE(money("approve_checkout").ok);
    world.server.before("confirm", 1, [&] {
      world.context.stop = true;
      asked_twice = insists;
    });
    world.server.heeds_cancel = true;
    const ToolOutcome outcome = money("confirm_checkout");
    EXPECT_EQ(code_of(outcome), insists ? "unknown" : "");
    EXPECT_EQ(gate.last_report()->end, insists ? PurchaseEnd::kUnknown : PurchaseEnd::kBought);
    EXPECT_EQ(world.server.orders().size(), 1U);
  }
}

TEST(ChainHead, is_noted_beside_the_database_and_forgotten_with_an_empty_chain) {
  const TemporaryFolder folder;
  const auto state = folder.path() / "state.db";
  EXPECT_EQ(noted_chain_head(state), std::nullopt);
  const ChainHead head{12, std::string(64, 'a')};
  note_chain_head(state, head);
  EXPECT_EQ(noted_chain_head(state), head);
  EXPECT_EQ(std::filesystem::status(state.string() + ".head").permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  note_chain_head(state, {3, std::string(64, 'b')});
  EXPECT_EQ(noted_chain_head(state), (ChainHead{3, std::string(64, 'b')}));
  note_chain_head(state, {});
  EXPECT_EQ(noted_chain_head(state), std::nullopt);
}

}  // namespace
}  // namespace cartpilot::purchase
