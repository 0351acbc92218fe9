// The state in PostgreSQL: what its connection, its transactions and its schemas promise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <barrier>
#include <thread>

#include "base/random.h"
#include "cartpilot/error.h"
#include "fakes/store/postgres_relay.h"
#include "fakes/store/postgres_server.h"
#include "fakes/store/test_state.h"
#include "store/postgres_link.h"
#include "store/state_db.h"

namespace cartpilot::store {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kTables[] = {
    "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, n INTEGER, s TEXT NOT NULL DEFAULT '')",
};
constexpr TableSet kTableSet{"t", 1, kTables};

/// "" when nothing was thrown, else "reason|message".
std::string failure_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.reason + "|" + error.what();
  }
  return "";
}

std::int64_t number(StateDb& db, const std::string& query) {
  std::int64_t found = -1;
  db.checked([&] {
    const auto select = db.prepared(query);
    if (select->step()) found = select->integer(0);
  });
  return found;
}

class PostgresTest : public testing::Test {
 protected:
  PostgresTest() : server(PostgresServer::get()), url(server.make_database()) {
    db.create_tables(kTableSet);
  }

  std::shared_ptr<PostgresDatabase> database(const std::string& at, std::size_t connections = 16) {
    return std::make_shared<PostgresDatabase>(PostgresAddress::parse(at), "", connections);
  }
  std::string sql(const std::string& statements) { return PostgresServer::sql(url, statements); }
  /// Ends all other connections to the database, on the server's side.
  void end_connections() {
    sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = "
        "current_database() AND pid <> pg_backend_pid()");
  }
  void insert(StateDb& into, std::int64_t n = 1) {
    const auto insert = into.prepared("INSERT INTO t (n) VALUES (?)");
    insert->bind(1, n);
    EXPECT_EQ(insert->exec(), 1);
  }
  std::string rows() { return sql("SELECT count(*) FROM cartpilot_ada.t"); }

  PostgresServer& server;
  std::string url;
  StateDb db{database(url), "ada"};
};

TEST_F(PostgresTest, binds_and_reads_values_of_every_kind) {
  db.durable([&] {
    const auto insert = db.prepared("INSERT INTO t (n, s) VALUES (?, ?)");
    insert->bind_all(std::int64_t{-9007199254740993}, "p\xc3\xa4ivi ? '");
    EXPECT_EQ(insert->exec(), 1);
    insert->bind_null(1);
    insert->bind(2, "");
    EXPECT_EQ(insert->exec(), 1);
  });
  const auto select = db.prepared("SELECT id, n, s, n / 2.0 FROM t ORDER BY id");
  ASSERT_TRUE(select->step());
  EXPECT_EQ(select->column_count(), 4);
  EXPECT_EQ(select->column_name(1), "n");
  EXPECT_EQ(select->integer(1), -9007199254740993);
  EXPECT_EQ(select->text(2), "p\xc3\xa4ivi ? '");
  EXPECT_EQ(select->kind(1), Statement::Kind::kInteger);
  EXPECT_EQ(select->kind(2), Statement::Kind::kText);
  ASSERT_TRUE(select->step());
  EXPECT_TRUE(select->is_null(1));
  EXPECT_EQ(select->integer(1), 0);
  EXPECT_FALSE(select->step());
}

TEST_F(PostgresTest, refuses_texts_that_the_server_cannot_keep) {
  const auto insert = db.prepared("INSERT INTO t (s) VALUES (?)");
  EXPECT_THAT(failure_of([&] { insert->bind(1, std::string_view("a\0b", 3)); }),
              HasSubstr("zero byte"));
  EXPECT_THAT(failure_of([&] { insert->bind(1, "\xff"); }), HasSubstr("UTF-8"));
}

TEST_F(PostgresTest, keeps_people_apart) {
  StateDb bob(database(url), "Bob O'Hara");
  bob.create_tables(kTableSet);
  db.durable([&] { insert(db); });
  EXPECT_EQ(number(db, "SELECT count(*) FROM t"), 1);
  EXPECT_EQ(number(bob, "SELECT count(*) FROM t"), 0);
  EXPECT_THAT(database(url)->people(), testing::ElementsAre("Bob O'Hara", "ada"));
  EXPECT_THAT(failure_of([&] { StateDb(database(url), ""); }), HasSubstr("name"));
  EXPECT_THAT(failure_of([&] { StateDb(database(url), "\xff"); }), HasSubstr("UTF-8"));
}

TEST_F(PostgresTest, rolls_back_what_throws_and_shows_a_snapshot_one_moment) {
  EXPECT_THROW(db.durable([&] {
    insert(db);
    throw Error(ErrorCode::kNotFound, "on purpose");
  }),
               Error);
  EXPECT_EQ(rows(), "0");
  StateDb other(database(url), "ada");
  db.snapshot([&] {
    EXPECT_EQ(number(db, "SELECT count(*) FROM t"), 0);
    other.durable([&] { insert(other); });
    EXPECT_EQ(number(db, "SELECT count(*) FROM t"), 0);
  });
  EXPECT_EQ(number(db, "SELECT count(*) FROM t"), 1);
  EXPECT_THAT(failure_of([&] { db.snapshot([&] { insert(db); }); }), HasSubstr("read-only"));
}

TEST_F(PostgresTest, has_one_writer_at_a_time_who_sees_the_latest) {
  constexpr int kThreads = 8;
  constexpr int kTimes = 25;
  const auto shared = database(url);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      StateDb own(shared, "ada");
      for (int n = 0; n < kTimes; ++n) {
        own.transaction([&] {
          const std::int64_t count = number(own, "SELECT coalesce(max(n), 0) FROM t");
          insert(own, count + 1);
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(number(db, "SELECT max(n) FROM t"), kThreads * kTimes);
  EXPECT_EQ(number(db, "SELECT count(DISTINCT n) FROM t"), kThreads * kTimes);
}

TEST_F(PostgresTest, does_not_take_an_error_that_was_kept_silent_for_a_success) {
  EXPECT_THAT(failure_of([&] {
                db.durable([&] {
                  insert(db);
                  EXPECT_THROW(db.checked([&] { db.run("no sql"); }), Error);
                });
              }),
              HasSubstr("failed in the middle"));
  EXPECT_EQ(rows(), "0");
  EXPECT_EQ(failure_of([&] {
              db.durable([&] {
                insert(db);
                EXPECT_THAT(failure_of([&] { db.contained([&] { db.run("no sql"); }); }),
                            HasSubstr("syntax error"));
              });
            }),
            "");
  EXPECT_EQ(rows(), "1");
}

TEST_F(PostgresTest, waits_for_a_free_connection_but_not_for_ever) {
  PostgresPool pool(PostgresAddress::parse(url), 2, std::chrono::milliseconds(50));
  auto first = pool.take();
  const auto second = pool.take();
  EXPECT_THAT(failure_of([&] { pool.take(); }), AllOf(HasSubstr("busy|"), HasSubstr("2 are in")));
  const PostgresLink* const link = first.get();
  first.reset();
  EXPECT_EQ(pool.take().get(), link) << "opened once, used again";
}

TEST_F(PostgresTest, serves_more_states_than_it_has_connections) {
  const auto small = database(url, 2);
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&, i] {
      StateDb own(small, "person" + std::to_string(i));
      own.create_tables(kTableSet);
      own.durable([&] { insert(own); });
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(small->people().size(), 13U);
}

TEST_F(PostgresTest, replaces_connections_that_ended_while_they_were_idle) {
  db.durable([&] { insert(db); });
  end_connections();
  EXPECT_EQ(failure_of([&] { db.durable([&] { insert(db); }); }), "");
  end_connections();
  EXPECT_EQ(number(db, "SELECT count(*) FROM t"), 2);
}

TEST_F(PostgresTest, repeats_a_read_whose_connection_ended_and_nothing_else) {
  db.durable([&] { insert(db); });
  db.checked([&] {
    EXPECT_EQ(number(db, "SELECT count(*) FROM t"), 1);
    end_connections();
    EXPECT_EQ(number(db, "SELECT count(*) FROM t"), 1);
  });
  EXPECT_THAT(failure_of([&] {
                db.durable([&] {
                  insert(db);
                  end_connections();
                  number(db, "SELECT count(*) FROM t");
                });
              }),
              HasSubstr("connection|"));
  EXPECT_THAT(failure_of([&] {
                db.snapshot([&] {
                  number(db, "SELECT count(*) FROM t");
                  end_connections();
                  number(db, "SELECT count(*) FROM t");
                });
              }),
              HasSubstr("connection|"));
  EXPECT_EQ(rows(), "1");
}

TEST_F(PostgresTest, reports_a_connection_that_ended_before_the_commit_as_nothing_changed) {
  EXPECT_THAT(failure_of([&] {
                db.durable([&] {
                  insert(db);
                  end_connections();
                });
              }),
              AllOf(HasSubstr("connection|"), HasSubstr("nothing was changed")));
  EXPECT_EQ(rows(), "0");
}

TEST_F(PostgresTest, finds_out_what_became_of_a_commit_whose_answer_was_lost) {
  PostgresRelay relay(server.folder());
  StateDb far(database(relay.url(url)), "ada");
  for (const bool durable : {true, false}) {
    const std::string before = rows();
    const auto change = [&] {
      if (durable) {
        far.durable([&] { insert(far); });
      } else {
        far.checked([&] { insert(far); });
      }
    };
    relay.break_at("COMMIT", PostgresRelay::Break::kBefore);
    EXPECT_THAT(failure_of(change), AllOf(HasSubstr("connection|"), HasSubstr("nothing was")));
    EXPECT_EQ(rows(), before);
    relay.break_at("COMMIT", PostgresRelay::Break::kAfter);
    EXPECT_EQ(failure_of(change), "");
    EXPECT_EQ(rows(), std::to_string(std::stoi(before) + 1));
  }
  EXPECT_EQ(relay.broken(), 4);
}

TEST_F(PostgresTest, says_that_it_does_not_know_when_it_cannot_find_out) {
  PostgresRelay relay(server.folder());
  StateDb far(database(relay.url(url)), "ada");
  relay.break_at("COMMIT", PostgresRelay::Break::kAfter);
  EXPECT_THAT(failure_of([&] {
                far.durable([&] {
                  insert(far);
                  relay.refuse(true);
                });
              }),
              AllOf(HasSubstr("commit_unknown|"), HasSubstr("not known")));
  EXPECT_EQ(rows(), "1");
  relay.refuse(false);
  EXPECT_EQ(number(far, "SELECT count(*) FROM t"), 1);
}

TEST_F(PostgresTest, reports_a_connection_that_ended_during_the_commit_as_it_went) {
  // The commit waits in a trigger until the connection is ended.
  sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(20); "
      "RETURN NULL; END'; CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON cartpilot_ada.t "
      "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()");
  std::thread ends([&] {
    while (
        sql("SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'") ==
        "0") {
      std::this_thread::yield();
    }
    end_connections();
  });
  EXPECT_THAT(failure_of([&] { db.durable([&] { insert(db); }); }), HasSubstr("connection|"));
  ends.join();
  EXPECT_EQ(rows(), "0");
}

TEST_F(PostgresTest, sets_a_time_limit_for_a_process_that_is_stopped_in_a_transaction) {
  db.transaction([&] {
    const auto limit = db.prepared("SELECT current_setting('idle_in_transaction_session_timeout')");
    ASSERT_TRUE(limit->step());
    EXPECT_EQ(limit->text(0), "15s");
  });
}

TEST_F(PostgresTest, refuses_a_database_of_a_newer_program_and_leaves_it) {
  sql("UPDATE cartpilot.format SET version = 2");
  EXPECT_THAT(failure_of([&] { StateDb(database(url), "eve"); }),
              AllOf(HasSubstr("newer cartpilot (format 2)"), HasSubstr("nothing was changed")));
  EXPECT_EQ(sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'cartpilot_eve'"), "0");
  sql("UPDATE cartpilot.format SET version = 1; UPDATE cartpilot_ada.modules SET version = 2");
  StateDb again(database(url), "ada");
  EXPECT_THAT(failure_of([&] { again.create_tables(kTableSet); }),
              HasSubstr("newer cartpilot (t 2)"));
}

TEST_F(PostgresTest, makes_everything_once_however_many_come_first) {
  const std::string fresh = server.make_database();
  std::barrier all_at_once(6);
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      const auto own = database(fresh);
      all_at_once.arrive_and_wait();
      StateDb state(own, "ada");
      state.create_tables(kTableSet);
      state.durable([&] { insert(state); });
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(PostgresServer::sql(fresh, "SELECT count(*) FROM cartpilot_ada.t"), "6");
}

TEST_F(PostgresTest, says_in_one_line_that_there_is_no_server) {
  EXPECT_THAT(failure_of([&] { StateDb(database("postgresql:///d?host=/nowhere"), "ada"); }),
              AllOf(HasSubstr("connection|"), HasSubstr("cannot be reached"),
                    testing::Not(HasSubstr("\n"))));
}

TEST_F(PostgresTest, gives_up_waiting_for_another_writer) {
  StateDb other(database(url), "ada");
  db.transaction([&] {
    EXPECT_THAT(failure_of([&] { other.transaction([] {}); }),
                AllOf(HasSubstr("busy|"), HasSubstr("another process")));
  });
}

}  // namespace
}  // namespace cartpilot::store
