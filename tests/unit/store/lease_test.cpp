// Who works on a conversation and who runs, in a database that several instances share. Each
// PostgresDatabase stands for an instance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "cartpilot/error.h"
#include "fakes/store/postgres_server.h"
#include "store/process_owner.h"
#include "store/session_lock.h"
#include "store/sessions.h"
#include "store/state_db.h"

namespace cartpilot::store {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string failure_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.reason + "|" + error.what();
  }
  return "";
}

struct LeaseTest : testing::Test {
  const std::string url = PostgresServer::get().make_database();
  std::shared_ptr<PostgresDatabase> first = instance();
  std::shared_ptr<PostgresDatabase> second = instance();
  StateDb of_first{first, "ada"};
  StateDb of_second{second, "ada"};

  std::shared_ptr<PostgresDatabase> instance() {
    return std::make_shared<PostgresDatabase>(PostgresAddress::parse(url));
  }
  std::string sql(const std::string& statements) { return PostgresServer::sql(url, statements); }
  /// As when its instance was stopped for longer than the lease.
  void lapse() { sql("UPDATE cartpilot.leases SET until = clock_timestamp() - interval '1 s'"); }
  std::string require(StateDb& db) {
    return failure_of([&] { db.transaction([&] { db.require_lease("s"); }); });
  }
};

TEST_F(LeaseTest, is_held_by_one_until_it_is_given_up) {
  {
    const SessionLock lock(first, "ada", "s", "chat");
    EXPECT_EQ(lock.epoch(), 1);
    for (const auto& database : {first, second}) {
      EXPECT_THAT(failure_of([&] { SessionLock(database, "ada", "s", "chat"); }),
                  AllOf(HasSubstr("session_open|the conversation s is open"),
                        HasSubstr("(cartpilot chat, since 2")));
    }
    const SessionLock other_session(second, "ada", "t", "chat");
    const SessionLock other_person(second, "bob", "s", "chat");
    EXPECT_EQ(other_person.epoch(), 1);
  }
  const SessionLock lock(second, "ada", "s", "chat");
  EXPECT_EQ(lock.epoch(), 2);
}

TEST_F(LeaseTest, that_lapsed_is_taken_and_the_one_before_is_fenced) {
  const SessionLock lock(first, "ada", "s", "serve");
  of_first.act_for(lock);
  EXPECT_EQ(require(of_first), "");
  lapse();
  EXPECT_THAT(require(of_first), HasSubstr("fenced|")) << "somebody else could have it";
  {
    const SessionLock taken(second, "ada", "s", "serve");
    EXPECT_EQ(taken.epoch(), 2);
    of_second.act_for(taken);
    EXPECT_EQ(require(of_second), "");
    EXPECT_THAT(require(of_first), HasSubstr("fenced|"));
  }
  EXPECT_THAT(require(of_first), HasSubstr("fenced|")) << "also after it was given up again";
}

TEST_F(LeaseTest, of_one_process_that_took_it_twice_counts_in_its_last_epoch_only) {
  StateDb again(first, "ada");
  const SessionLock before(first, "ada", "s", "serve");
  of_first.act_for(before);
  lapse();
  const SessionLock after(first, "ada", "s", "serve");
  again.act_for(after);
  EXPECT_EQ(require(again), "");
  EXPECT_THAT(require(of_first), HasSubstr("fenced|"));
}

TEST_F(LeaseTest, of_another_conversation_bars_only_while_somebody_holds_it) {
  EXPECT_EQ(require(of_first), "") << "nobody has ever held it";
  {
    const SessionLock lock(second, "ada", "s", "serve");
    EXPECT_THAT(require(of_first), AllOf(HasSubstr("fenced|"), HasSubstr("another cartpilot")));
  }
  EXPECT_EQ(require(of_first), "");
}

TEST_F(LeaseTest, is_needed_to_write_a_message) {
  SessionStore old_store(of_first);
  SessionStore new_store(of_second);
  const SessionLock lock(first, "ada", "s", "serve");
  of_first.act_for(lock);
  old_store.open("s", "offline", "offline-1");
  old_store.append("s", Message::user("one"));
  lapse();
  const SessionLock taken(second, "ada", "s", "serve");
  of_second.act_for(taken);
  EXPECT_THAT(failure_of([&] { old_store.append("s", Message::user("two")); }),
              HasSubstr("fenced|"));
  new_store.append("s", Message::user("three"));
  EXPECT_EQ(new_store.load("s").size(), 2U);
}

TEST_F(LeaseTest, cannot_be_taken_while_a_transaction_relies_on_it) {
  const SessionLock lock(first, "ada", "s", "serve");
  of_first.act_for(lock);
  std::thread taker;
  std::int64_t epoch = 0;
  of_first.durable([&] {
    of_first.require_lease("s");
    // The row is locked: who wants it waits until this transaction has ended.
    taker = std::thread([&] {
      sql("UPDATE cartpilot.leases SET until = clock_timestamp() - interval '1 s'");
      epoch = SessionLock(second, "ada", "s", "serve").epoch();
    });
    while (sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == "0") {
      std::this_thread::yield();
    }
    EXPECT_EQ(epoch, 0);
  });
  taker.join();
  EXPECT_EQ(epoch, 2);
}

TEST_F(LeaseTest, of_a_process_of_this_machine_that_ended_is_taken_at_once) {
  const SessionLock lock(first, "ada", "s", "serve");
  std::string owner = sql("SELECT owner FROM cartpilot.leases");
  EXPECT_TRUE(process_is_alive(owner));
  // The same process id with another start: that one is gone.
  owner.back() = owner.back() == '1' ? '2' : '1';
  sql("UPDATE cartpilot.leases SET owner = '" + owner + "'");
  EXPECT_EQ(SessionLock(second, "ada", "s", "serve").epoch(), 2);
  sql("UPDATE cartpilot.leases SET until = clock_timestamp() + interval '9 s', owner = "
      "'0000 another-machine 1 1'");
  EXPECT_THAT(failure_of([&] { SessionLock(second, "ada", "s", "serve"); }),
              HasSubstr("session_open|"));
}

TEST_F(LeaseTest, is_renewed_while_it_is_held_and_not_after_it_lapsed) {
  const SessionLock lock(first, "ada", "s", "serve");
  const SessionLock lapsed(first, "ada", "t", "serve");
  sql("UPDATE cartpilot.leases SET until = clock_timestamp() + interval '15 s' WHERE session = "
      "'s'; "
      "UPDATE cartpilot.leases SET until = clock_timestamp() - interval '1 s' WHERE session = 't'");
  const char* const renewed =
      "SELECT count(*) FROM cartpilot.leases WHERE until > clock_timestamp() + interval '20 s'";
  for (int i = 0; i < 150 && sql(renewed) == "0"; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_EQ(sql(renewed), "1");
  of_first.act_for(lapsed);
  EXPECT_THAT(failure_of([&] { of_first.transaction([&] { of_first.require_lease("t"); }); }),
              HasSubstr("fenced|"));
}

TEST_F(LeaseTest, leaves_nothing_behind_when_the_instance_ends) {
  {
    auto third = instance();
    StateDb db(third, "ada");
    third->instance().take("ada", "s", "serve");
    EXPECT_EQ(sql("SELECT count(*) FROM cartpilot.instances"), "1");
  }
  EXPECT_EQ(sql("SELECT count(*) FROM cartpilot.instances"), "0");
  EXPECT_EQ(SessionLock(second, "ada", "s", "serve").epoch(), 2);
}

TEST_F(LeaseTest, knows_which_owners_run) {
  const std::string owner = of_first.owner();
  EXPECT_EQ(of_first.owner(), owner);
  EXPECT_NE(of_second.owner(), owner);
  EXPECT_TRUE(of_second.owner_is_alive(owner));
  sql("UPDATE cartpilot.instances SET seen = clock_timestamp() - interval '31 s'");
  EXPECT_FALSE(of_second.owner_is_alive(owner)) << "as one that is stopped";
  for (const char* nobody : {"", "x", "0000 another-machine 1 1"}) {
    EXPECT_FALSE(of_second.owner_is_alive(nobody)) << nobody;
  }
}

}  // namespace
}  // namespace cartpilot::store
