// The record of purchases while other programs write it: what is judged is one moment of it, every
// time anew, and a record that is whole is never put aside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <thread>

#include "cartpilot/error.h"
#include "faulty_disk.h"
#include "gate_world.h"
#include "purchase/chain_head.h"
#include "temporary_folder.h"

namespace cartpilot::purchase {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// The database connections that were opened since the last call of handles().
std::vector<sqlite3*> opened;

int remember_handle(sqlite3* handle, char**, const sqlite3_api_routines*) {
  opened.push_back(handle);
  return SQLITE_OK;
}

/// Opens a state database and gives out the library's own handle, for hooks.
struct HookedDb {
  explicit HookedDb(const std::filesystem::path& path) {
    const auto entry = reinterpret_cast<void (*)()>(remember_handle);
    sqlite3_auto_extension(entry);
    db = std::make_unique<store::StateDb>(path);
    sqlite3_cancel_auto_extension(entry);
    handle = opened.back();
  }
  std::unique_ptr<store::StateDb> db;
  sqlite3* handle = nullptr;
};

Attempt attempt_named(const std::string& id) {
  Attempt attempt;
  attempt.id = id;
  attempt.session = "session-1";
  attempt.api_origin = "http://127.0.0.1:8000";
  attempt.checkout_id = "checkout-" + id;
  attempt.merchant_id = "merchant-a";
  attempt.basket = "basket-" + id;
  attempt.digest = "digest-" + id;
  attempt.total = {8638, "USD"};
  attempt.by = "human";
  return attempt;
}

/// Work of another program at a moment of this one.
struct Meanwhile {
  std::function<void()> work;
  bool done = false;
  void once() {
    if (!std::exchange(done, true)) work();
  }
};

int on_statement(unsigned, void* meanwhile, void* statement, void*) {
  const char* text = sqlite3_sql(static_cast<sqlite3_stmt*>(statement));
  if (std::string_view(text).find("FROM purchases WHERE 1") != std::string_view::npos) {
    static_cast<Meanwhile*>(meanwhile)->once();
  }
  return 0;
}

TEST(PurchaseRecord, is_judged_as_of_one_moment_while_another_program_appends) {
  const TemporaryFolder folder;
  const auto state = folder.path() / "state.db";
  const HookedDb mine(state);
  PurchaseJournal journal(*mine.db);
  journal.open(attempt_named("a1"));
  store::StateDb other(state);
  PurchaseJournal theirs(other);
  for (const bool by_gate : {true, false}) {
    // Between the events and the list of purchases, which are two statements.
    Meanwhile meanwhile{[&] { theirs.open(attempt_named(by_gate ? "a2" : "a3")); }};
    sqlite3_trace_v2(mine.handle, SQLITE_TRACE_STMT, on_statement, &meanwhile);
    if (by_gate) {
      // The other program does not wait for us: its note of the newest event may come later.
      EXPECT_EQ(journal.integrity_problem(), std::nullopt);
    } else {
      EXPECT_EQ(journal.verify(), std::nullopt);
    }
    EXPECT_TRUE(meanwhile.done);
    sqlite3_trace_v2(mine.handle, 0, nullptr, nullptr);
    EXPECT_EQ(journal.integrity_problem(), std::nullopt);
  }
  EXPECT_EQ(journal.list().size(), 3U);
}

int on_commit(void* meanwhile, sqlite3*, const char*, int) {
  static_cast<Meanwhile*>(meanwhile)->once();
  return SQLITE_OK;
}

TEST(PurchaseRecord, notes_the_newest_event_when_another_program_was_quicker) {
  const TemporaryFolder folder;
  const auto state = folder.path() / "state.db";
  const HookedDb mine(state);
  PurchaseJournal journal(*mine.db);
  store::StateDb other(state);
  PurchaseJournal theirs(other);
  // After the commit of the first event, before it is noted.
  Meanwhile meanwhile{[&] { theirs.open(attempt_named("a2")); }};
  sqlite3_wal_hook(mine.handle, on_commit, &meanwhile);
  journal.open(attempt_named("a1"));
  EXPECT_TRUE(meanwhile.done);
  ASSERT_TRUE(noted_chain_head(state).has_value());
  EXPECT_EQ(noted_chain_head(state)->seq, 2);
}

int on_row(unsigned, void* meanwhile, void* statement, void*) {
  sqlite3_stmt* row = static_cast<sqlite3_stmt*>(statement);
  // The look at the newest event after the commit, not the one inside the transaction.
  if (sqlite3_get_autocommit(sqlite3_db_handle(row)) != 0 &&
      std::string_view(sqlite3_sql(row)).find("SELECT seq, hash") == 0) {
    static_cast<Meanwhile*>(meanwhile)->once();
  }
  return 0;
}

TEST(PurchaseRecord, never_notes_an_older_event_over_a_newer_one) {
  const TemporaryFolder folder;
  const auto state = folder.path() / "state.db";
  const HookedDb mine(state);
  PurchaseJournal journal(*mine.db);
  std::thread theirs;
  // Between reading the newest event and noting it. The other program commits, and then has time to
  // note its event as far as the lock lets it.
  Meanwhile meanwhile{[&] {
    theirs = std::thread([&] {
      store::StateDb other(state);
      PurchaseJournal(other).open(attempt_named("a2"));
    });
    store::StateDb third(state);
    const PurchaseJournal reader(third);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (reader.list().size() < 2 && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
    const auto time_to_note = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
    while (std::chrono::steady_clock::now() < time_to_note) {
      const auto noted = noted_chain_head(state);
      if (noted && noted->seq == 2) break;
      std::this_thread::yield();
    }
  }};
  sqlite3_trace_v2(mine.handle, SQLITE_TRACE_ROW, on_row, &meanwhile);
  journal.open(attempt_named("a1"));
  sqlite3_trace_v2(mine.handle, 0, nullptr, nullptr);
  ASSERT_TRUE(meanwhile.done);
  theirs.join();
  ASSERT_TRUE(noted_chain_head(state).has_value());
  EXPECT_EQ(noted_chain_head(state)->seq, 2);
}

TEST(PurchaseRecord, is_looked_at_again_before_every_money_call) {
  const TemporaryFolder folder;
  GateWorld world(parse_policy("ask", ""), folder.path() / "state.db");
  const std::string first = world.prepare();
  ASSERT_TRUE(world.approve(first).ok);
  ASSERT_TRUE(world.confirm(first).ok);
  world.gate->begin_turn();
  const std::string second = world.prepare("mug");
  ASSERT_TRUE(world.approve(second).ok);
  world.db.run("UPDATE purchases SET total_minor = total_minor + 1 WHERE state = 'done'");
  EXPECT_EQ(code_of(world.confirm(second)), "RECORD_DISTRUSTED");
  EXPECT_EQ(world.server.orders().size(), 1U);
  // What was altered for a moment is not held against the program for ever.
  world.db.run("UPDATE purchases SET total_minor = total_minor - 1 WHERE state = 'done'");
  EXPECT_TRUE(world.confirm(second).ok);
  EXPECT_EQ(world.server.orders().size(), 2U);
}

TEST(PurchaseRecord, that_cannot_be_read_at_present_is_not_called_altered) {
  const TemporaryFolder folder;
  const auto state = folder.path() / "state.db";
  FaultyDisk disk;
  GateWorld world(parse_policy("ask", ""), state);
  const std::string id = world.prepare();
  for (int from = 1; from <= 3; ++from) {
    {
      store::StateDb other(state);  // what is remembered of the file is out of date now
      PurchaseJournal(other).open(attempt_named("other" + std::to_string(from)));
    }
    disk.fail_reads(from);
    const ToolOutcome refused = world.approve(id);
    disk.fail_reads(0);
    EXPECT_EQ(code_of(refused), "STATE_UNAVAILABLE") << from;
    EXPECT_THAT(string_or(refused.content, "message"),
                AllOf(HasSubstr("disk I/O error"), Not(HasSubstr("record of purchases"))));
  }
  EXPECT_TRUE(world.approve(id).ok);

  const ChainHeadLock held(state, ChainHeadLock::Mode::kExclusive);
  EXPECT_EQ(code_of(world.confirm(id)), "BUSY");
  EXPECT_EQ(world.end(), PurchaseEnd::kNoRecord);
  EXPECT_EQ(world.server.count("confirm"), 0);
}

TEST(PurchaseRecord, that_is_whole_is_never_put_aside) {
  const TemporaryFolder folder;
  const auto state = folder.path() / "state.db";
  store::StateDb db(state);
  PurchaseJournal journal(db);
  EXPECT_EQ(journal.start_anew(), std::nullopt);
  journal.open(attempt_named("a1"));
  journal.advance("a1", AttemptState::kApproved);
  const auto noted = noted_chain_head(state);
  EXPECT_EQ(journal.start_anew(), std::nullopt);
  EXPECT_EQ(journal.events("a1").size(), 2U);
  EXPECT_EQ(noted_chain_head(state), noted);
  // The second of two programs that were told the same finds a whole record.
  db.run("UPDATE purchase_events SET note = 'x' WHERE seq = 2");
  const auto aside = journal.start_anew();
  ASSERT_TRUE(aside.has_value());
  EXPECT_EQ(journal.start_anew(), std::nullopt);
  EXPECT_EQ(journal.integrity_problem(), std::nullopt);
  EXPECT_EQ(noted_chain_head(state)->seq, 1);
  db.run("CREATE TEMP TABLE kept AS SELECT note FROM " + *aside + " WHERE seq = 2 AND note = 'x'");
}

TEST(PurchaseRecord, that_cannot_be_put_aside_stays_what_it_was) {
  const TemporaryFolder folder;
  const auto state = folder.path() / "state.db";
  FaultyDisk disk;
  store::StateDb db(state);
  PurchaseJournal journal(db);
  journal.open(attempt_named("a1"));
  db.run("UPDATE purchase_events SET note = 'x' WHERE seq = 1");
  disk.fail(1, FaultyDisk::Failure::kFromThenOn);
  EXPECT_THROW(journal.start_anew(), Error);
  disk.heal();
  EXPECT_THAT(journal.integrity_problem().value_or(""), HasSubstr("altered at event 1"));
  EXPECT_TRUE(journal.start_anew().has_value());
  EXPECT_EQ(journal.integrity_problem(), std::nullopt);
}

}  // namespace
}  // namespace cartpilot::purchase
