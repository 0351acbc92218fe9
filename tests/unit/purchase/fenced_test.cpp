// Purchases on a database that several instances share: an instance that lost its conversation, and
// one whose record of a send is uncertain. The connection goes through a relay that can break it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "fakes/store/postgres_relay.h"
#include "fakes/store/postgres_server.h"
#include "fakes/store/test_state.h"
#include "gate_world.h"
#include "store/session_lock.h"

namespace cartpilot::purchase {
namespace {

using testing::HasSubstr;
using enum AttemptState;

/// The database of all tests here, by way of a relay.
store::PostgresRelay& relay() {
  static store::PostgresRelay relay(store::PostgresServer::get().folder());
  static const int once = [] {
    ::setenv("CARTPILOT_TEST_STORE", "postgresql", 1);
    return ::setenv("CARTPILOT_TEST_DATABASE",
                    relay.url(store::PostgresServer::get().url()).c_str(), 1);
  }();
  static_cast<void>(once);
  return relay;
}

void sql(const std::string& statements) {
  store::PostgresServer::sql(store::PostgresServer::get().url(), statements);
}

/// A gate whose conversation is held by a lease, with an approved checkout.
struct Held {
  explicit Held(const std::filesystem::path& file)
      : path(file), connection(relay()), world(parse_policy("ask", ""), file) {
    hold();
    id = world.prepare();
    EXPECT_TRUE(world.approve(id).ok);
  }
  void hold() {
    lock.emplace(store::test_database(), store::person_of(path), "session-1", "serve");
    world.db.act_for(*lock);
  }
  void lapse() { sql("UPDATE cartpilot.leases SET until = clock_timestamp() - interval '1 s'"); }

  std::filesystem::path path;
  store::PostgresRelay& connection;
  GateWorld world;
  std::optional<store::SessionLock> lock;
  std::string id;
};

std::string key_of(const FakeCartPilot::Seen& confirm) {
  for (const auto& [name, value] : confirm.headers) {
    if (name == "Idempotency-Key") return value;
  }
  return "";
}

TEST(Fenced, an_instance_that_was_stopped_too_long_sends_no_confirm) {
  Held held("/stopped");
  held.lapse();
  const ToolOutcome outcome = held.world.confirm(held.id);
  EXPECT_EQ(code_of(outcome), "FENCED");
  EXPECT_THAT(dump_json(outcome.content), HasSubstr("nothing was bought"));
  EXPECT_EQ(held.world.server.count("confirm"), 0);
  EXPECT_EQ(held.world.states().back(), kVoid);
  EXPECT_EQ(held.world.end(), PurchaseEnd::kRefused);
}

TEST(Fenced, a_conversation_that_another_instance_took_is_not_bought_in_by_the_first) {
  Held held("/taken");
  held.lapse();
  const auto other = std::make_shared<store::PostgresDatabase>(
      store::PostgresAddress::parse(store::PostgresServer::get().url()));
  const store::SessionLock taken(other, store::person_of(held.path), "session-1", "serve");
  EXPECT_EQ(code_of(held.world.confirm(held.id)), "FENCED");
  EXPECT_EQ(held.world.server.count("confirm"), 0);
}

TEST(Fenced, what_a_lost_instance_sent_is_looked_up_by_the_next_with_the_same_key) {
  Held held("/sent");
  // The first instance is stopped while its confirm is on its way, which does not reach CartPilot.
  // When it wakes it looks, and may not send again.
  held.world.server.fault("confirm", 1, FakeCartPilot::Fault::kResetBefore);
  held.world.server.before("confirm", 1, [&] { held.lapse(); });
  EXPECT_EQ(code_of(held.world.confirm(held.id)), "unknown");
  ASSERT_EQ(held.world.server.count("confirm"), 1);
  ASSERT_TRUE(held.world.server.orders().empty());
  // The next one: the same state, another connection, another epoch.
  store::StateDb db(store::open_test_state(held.path));
  const store::SessionLock lock(store::test_database(), store::person_of(held.path), "session-1",
                                "serve");
  EXPECT_EQ(lock.epoch(), 2);
  db.act_for(lock);
  held.world.clock.passed_ms += 20'000;
  PurchaseJournal journal(db, [&] { return held.world.clock.unix_ms(); });
  PurchaseGate gate(held.world.client, journal, held.world.policy, held.world.questions,
                    held.world.person, held.world.events, "session-1",
                    held.world.clock.gate_clock());
  const auto reports = gate.reconcile(held.world.context);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].outcome, PurchaseOutcome::kDone);
  EXPECT_EQ(held.world.server.orders().size(), 1U);
  const auto confirms = held.world.server.seen("confirm");
  ASSERT_EQ(confirms.size(), 2U);
  EXPECT_EQ(confirms[0].body, confirms[1].body);
  EXPECT_EQ(key_of(confirms[0]), key_of(confirms[1]));
  EXPECT_NE(key_of(confirms[0]), "");
}

TEST(Fenced, a_send_whose_record_is_uncertain_leaves_nothing_and_is_taken_back) {
  Held held("/uncertain");
  store::PostgresRelay& connection = relay();
  held.world.server.before("get", held.world.server.count("get") + 1, [&] {
    connection.break_at("confirm_sent", store::PostgresRelay::Break::kBefore);
  });
  EXPECT_EQ(code_of(held.world.confirm(held.id)), "STATE_UNAVAILABLE");
  EXPECT_EQ(held.world.server.count("confirm"), 0);
}

TEST(Fenced, a_send_whose_commit_is_unknown_leaves_nothing_and_is_found_later) {
  Held held("/unknown");
  store::PostgresRelay& connection = relay();
  // The record of the send is kept, and nobody can find that out at once.
  held.world.server.before("get", held.world.server.count("get") + 1, [&] {
    connection.break_at("confirm_sent", store::PostgresRelay::Break::kAtCommit, true);
  });
  const ToolOutcome outcome = held.world.confirm(held.id);
  connection.refuse(false);
  EXPECT_EQ(code_of(outcome), "STATE_UNAVAILABLE");
  EXPECT_THAT(dump_json(outcome.content), HasSubstr("Nothing was sent"));
  EXPECT_EQ(held.world.server.count("confirm"), 0);
  EXPECT_EQ(held.world.states().back(), kConfirmSent);
  // The next start finds it, looks, and sends it once: the person said yes to it.
  held.world.restart();
  held.world.clock.passed_ms += 20'000;
  const auto reports = held.world.gate->reconcile(held.world.context);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].outcome, PurchaseOutcome::kDone);
  EXPECT_EQ(held.world.server.orders().size(), 1U);
}

TEST(Fenced, a_send_whose_commit_was_lost_and_found_goes_on) {
  Held held("/found");
  store::PostgresRelay& connection = relay();
  held.world.server.before("get", held.world.server.count("get") + 1, [&] {
    connection.break_at("confirm_sent", store::PostgresRelay::Break::kAtCommit);
  });
  EXPECT_TRUE(held.world.confirm(held.id).ok);
  EXPECT_EQ(held.world.server.orders().size(), 1U);
}

}  // namespace
}  // namespace cartpilot::purchase
