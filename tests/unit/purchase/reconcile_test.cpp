// What a later process makes of attempts an earlier one left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "fakes/store/test_state.h"
#include "gate_world.h"

extern char** environ;

namespace cartpilot::purchase {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using enum AttemptState;
using Fault = FakeCartPilot::Fault;

/// A world whose first process died right after it recorded the confirm, before or after the
/// request reached CartPilot.
struct Died : GateWorld {
  explicit Died(bool request_arrived) {
    id = prepare();
    approve(id);
    journal.begin_send(journal.list().front().id);
    if (request_arrived) client.confirm(id, "test_card", "", {}, context);
    restart();
  }
  std::string id;
};

TEST(Reconcile, finds_the_order_of_a_process_that_died_before_the_answer) {
  Died world(true);
  const auto reports = world.gate->reconcile(world.context);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].outcome, PurchaseOutcome::kDone);
  EXPECT_EQ(reports[0].end, PurchaseEnd::kBought);
  EXPECT_EQ(reports[0].merchant_order_id, "ORD-1");
  EXPECT_EQ(reports[0].order_id, "order-ORD-1");
  EXPECT_EQ(world.server.count("confirm"), 1);
  EXPECT_THAT(world.journal.unfinished(), IsEmpty());
  EXPECT_EQ(world.clock.slept_ms, 0);
}

TEST(Reconcile, sends_the_confirm_of_a_process_that_died_before_the_request_once) {
  Died world(false);
  const auto reports = world.gate->reconcile(world.context);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].outcome, PurchaseOutcome::kDone);
  EXPECT_EQ(world.server.orders().size(), 1U);
  EXPECT_EQ(world.server.count("confirm"), 1);
  EXPECT_GE(world.clock.slept_ms, 14'900);
}

TEST(Reconcile, leaves_unknown_what_cannot_be_seen_and_tells_the_person) {
  Died world(true);
  world.server.lose_memory();
  const auto reports = world.gate->reconcile(world.context);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].outcome, PurchaseOutcome::kUnknown);
  EXPECT_EQ(reports[0].end, PurchaseEnd::kUnknown);
  EXPECT_THAT(reports[0].message, HasSubstr("CHECKOUT_NOT_FOUND"));
  EXPECT_EQ(world.states().back(), kUnknown);
  EXPECT_EQ(world.gate->last_report(), std::nullopt);
  EXPECT_EQ(string_or(world.create(), "error_code"), "PURCHASE_UNRESOLVED");
}

TEST(Reconcile, does_not_ask_another_server_about_an_attempt) {
  Died world(true);
  Attempt elsewhere = world.journal.list().front();
  elsewhere.id = "feedfeedfeedfeed";
  elsewhere.api_origin = "https://shop.example";
  elsewhere.cartpilot =
      commerce::CartPilotIdentity::real("https://shop.example", "key", "salt").text();
  elsewhere.basket = "another";
  elsewhere.checkout_id = "id-7777";
  world.journal.open(elsewhere);
  world.journal.advance(elsewhere.id, kApproved);
  world.journal.begin_send(elsewhere.id);
  const auto reports = world.gate->reconcile(world.context);
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(reports[1].outcome, PurchaseOutcome::kUnknown);
  EXPECT_THAT(reports[1].message, HasSubstr("--api-url https://shop.example"));
  for (const auto& seen : world.server.requests()) {
    EXPECT_EQ(seen.path.find("7777"), std::string::npos);
  }
}

TEST(Reconcile, recognises_the_embedded_cartpilot_on_another_port) {
  Died world(true);
  // The same attempt, made while CartPilot listened on another port.
  Attempt attempt = world.journal.list().front();
  const auto checkout = world.client.get_checkout(world.id, world.context).value;
  attempt.id = "feedfeedfeedfeed";
  attempt.api_origin = "http://127.0.0.1:45678";
  attempt.basket = "another";
  attempt.digest = commerce::make_receipt(attempt.api_origin, "test_card", checkout).digest;
  world.journal.resolve(world.journal.list().front().id, false);
  world.journal.open(attempt);
  world.journal.advance(attempt.id, kApproved);
  world.journal.begin_send(attempt.id);
  const auto reports = world.gate->reconcile(world.context);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].outcome, PurchaseOutcome::kDone);
  EXPECT_EQ(reports[0].end, PurchaseEnd::kBought);
}

TEST(Reconcile, voids_a_mere_consent_of_an_earlier_process_once_it_has_lapsed) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.restart();
  EXPECT_THAT(world.gate->reconcile(world.context), IsEmpty());
  EXPECT_EQ(world.states().back(), kApproved);  // its process may still live
  world.clock.passed_ms += 5 * 60 * 1000 + 1;
  EXPECT_THAT(world.gate->reconcile(world.context), IsEmpty());
  EXPECT_EQ(world.states().back(), kVoid);
  EXPECT_EQ(world.server.count("confirm"), 0);
}

TEST(Reconcile, leaves_the_newest_consent_as_the_only_one) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  // A second host on the same conversation gets a consent of its own.
  EventLog events;
  PurchaseGate second(world.client, world.journal, world.policy, world.questions, world.person,
                      events, "session-1", world.clock.gate_clock());
  const ToolCall confirm{"1", "confirm_checkout", Json{{"checkout_id", id}}, "", nullptr};
  EXPECT_TRUE(second.run_money(confirm, world.context).ok);
  EXPECT_EQ(world.person.questions.size(), 2U);
  EXPECT_TRUE(world.confirm(id).ok);  // the stored result
  EXPECT_EQ(world.server.count("confirm"), 1);
  EXPECT_EQ(world.server.orders().size(), 1U);
}

TEST(Reconcile, accepts_what_a_person_resolved_meanwhile) {
  GateWorld world;
  const std::string id = world.prepare();
  world.approve(id);
  world.server.fault("confirm", 1, Fault::kResetBefore);
  world.server.before("get", 4,
                      [&] { world.journal.resolve(world.journal.list().front().id, false); });
  EXPECT_EQ(code_of(world.confirm(id)), "NOT_BOUGHT");
  EXPECT_EQ(world.server.count("confirm"), 1);
  EXPECT_EQ(world.states().back(), kVoid);
}

/// Runs the program that records a confirm and is killed before it can send it.
void run_and_kill(const std::filesystem::path& file, const Attempt& attempt) {
  const std::string path = file.string();
  const std::string now = std::to_string(kStartUnixMs);
  const char* arguments[] = {CARTPILOT_CONFIRM_AND_DIE, path.c_str(), attempt.id.c_str(),
                             now.c_str(), nullptr};
  pid_t child = 0;
  ASSERT_EQ(::posix_spawn(&child, arguments[0], nullptr, nullptr,
                          const_cast<char* const*>(arguments), environ),
            0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_EQ(WTERMSIG(status), SIGKILL);
}

TEST(Reconcile, sees_the_record_of_a_killed_process_and_ends_with_one_order) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("cartpilot-kill-" + std::to_string(::getpid()));
  GateWorld world;
  const std::string id = world.prepare();
  {
    store::StateDb db(store::open_test_state(folder / "state.db"));
    PurchaseJournal journal(db, [&] { return world.clock.unix_ms(); });
    PurchaseGate gate(world.client, journal, world.policy, world.questions, world.person,
                      world.events, "session-1", world.clock.gate_clock());
    journal.remember_checkout("session-1", id, "[]");
    const ToolCall approve{"1", "approve_checkout", Json{{"checkout_id", id}}, "", nullptr};
    ASSERT_TRUE(gate.run_money(approve, world.context).ok);
    run_and_kill(folder / "state.db", journal.list().front());
  }
  {
    store::StateDb db(store::open_test_state(folder / "state.db"));
    PurchaseJournal journal(db, [&] { return world.clock.unix_ms(); });
    ASSERT_EQ(journal.unfinished().size(), 1U);
    EXPECT_EQ(journal.unfinished().front().state, kConfirmSent);
    EXPECT_EQ(journal.verify(), std::nullopt);
    PurchaseGate gate(world.client, journal, world.policy, world.questions, world.person,
                      world.events, "session-1", world.clock.gate_clock());
    const auto reports = gate.reconcile(world.context);
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_EQ(reports[0].outcome, PurchaseOutcome::kDone);
    EXPECT_EQ(world.server.orders().size(), 1U);
    EXPECT_EQ(world.server.count("confirm"), 1);
    EXPECT_THAT(journal.unfinished(), IsEmpty());
    EXPECT_EQ(journal.verify(), std::nullopt);
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace cartpilot::purchase
