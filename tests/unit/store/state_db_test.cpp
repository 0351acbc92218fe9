#include "store/state_db.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "cartpilot/error.h"

namespace cartpilot::store {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace fs = std::filesystem;

class StateDbTest : public testing::Test {
 protected:
  StateDbTest() {
    std::string pattern = (fs::temp_directory_path() / "cartpilot-state-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~StateDbTest() override { fs::remove_all(folder_); }

  static unsigned mode_of(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777U;
  }
  static std::string bytes_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  static void write(const fs::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  static std::string refusal_of(const fs::path& path) {
    try {
      StateDb db(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.code, ErrorCode::kUnavailable);
      return error.what();
    }
    return "";
  }
  static std::int64_t number(StateDb& db, const std::string& query) {
    const auto select = db.prepared(query);
    return select->step() ? select->integer(0) : -1;
  }

  fs::path folder_;
};

TEST_F(StateDbTest, makes_a_private_file_in_private_folders_whatever_the_umask) {
  for (const mode_t mask : {0000, 0022, 0277}) {
    const fs::path file = folder_ / std::to_string(mask) / "cartpilot" / "state.db";
    const mode_t old = ::umask(0);
    fs::create_directory(file.parent_path().parent_path());
    ::umask(mask);
    {
      StateDb db(file);
      db.transaction([&] { db.run("CREATE TABLE t (x)"); });
      EXPECT_EQ(mode_of(file), 0600U);
      EXPECT_EQ(mode_of(file.string() + "-wal"), 0600U);
      EXPECT_EQ(mode_of(file.string() + "-shm"), 0600U);
    }
    ::umask(old);
    EXPECT_EQ(mode_of(file.parent_path()) & 0077U, 0U);
  }
}

TEST_F(StateDbTest, takes_rights_of_others_away_from_an_existing_file) {
  const fs::path file = folder_ / "state.db";
  { StateDb db(file); }
  fs::permissions(file, fs::perms(0644));
  { StateDb db(file); }
  EXPECT_EQ(mode_of(file), 0600U);
}

TEST_F(StateDbTest, leaves_the_mode_of_an_existing_folder) {
  fs::permissions(folder_, fs::perms(0755));
  { StateDb db(folder_ / "state.db"); }
  EXPECT_EQ(mode_of(folder_), 0755U);
}

TEST_F(StateDbTest, keeps_what_was_written) {
  const fs::path file = folder_ / "state.db";
  {
    StateDb db(file);
    db.durable([&] {
      db.run("CREATE TABLE t (x)");
      db.run("INSERT INTO t VALUES (7)");
    });
  }
  StateDb db(file);
  EXPECT_EQ(number(db, "SELECT x FROM t"), 7);
}

TEST_F(StateDbTest, sets_up_every_connection) {
  StateDb db(folder_ / "state.db");
  const auto mode = db.prepared("PRAGMA journal_mode");
  ASSERT_TRUE(mode->step());
  EXPECT_EQ(mode->text(0), "wal");
  EXPECT_EQ(number(db, "PRAGMA foreign_keys"), 1);
  EXPECT_EQ(number(db, "PRAGMA busy_timeout"), 5000);
  EXPECT_EQ(number(db, "PRAGMA user_version"), StateDb::kSchemaVersion);
}

TEST_F(StateDbTest, syncs_durable_work_fully_and_only_that) {
  StateDb db(folder_ / "state.db");
  constexpr int kNormal = 1;
  constexpr int kFull = 2;
  int level = -1;
  const auto look = [&] { level = number(db, "PRAGMA synchronous"); };
  db.transaction(look);
  EXPECT_EQ(level, kNormal);
  db.durable(look);
  EXPECT_EQ(level, kFull);
  look();
  EXPECT_EQ(level, kNormal);
  EXPECT_THROW(db.durable([] { throw Error(ErrorCode::kInternal, "x"); }), Error);
  look();
  EXPECT_EQ(level, kNormal);
}

TEST_F(StateDbTest, undoes_work_that_throws_and_passes_the_exception_on) {
  StateDb db(folder_ / "state.db");
  db.transaction([&] { db.run("CREATE TABLE t (x)"); });
  const auto half = [&] {
    db.run("INSERT INTO t VALUES (1)");
    throw Error(ErrorCode::kNotFound, "stop");
  };
  for (const auto run : {&StateDb::transaction, &StateDb::durable}) {
    try {
      (db.*run)(half);
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.code, ErrorCode::kNotFound);
    }
    EXPECT_EQ(number(db, "SELECT count(*) FROM t"), 0);
  }
  db.transaction([&] { db.run("INSERT INTO t VALUES (1)"); });
  EXPECT_EQ(number(db, "SELECT count(*) FROM t"), 1);
}

TEST_F(StateDbTest, turns_the_databases_own_exceptions_into_errors) {
  StateDb db(folder_ / "state.db");
  for (const auto run : {&StateDb::transaction, &StateDb::durable}) {
    EXPECT_THROW((db.*run)([&] { db.run("no sql"); }), Error);
  }
  EXPECT_THROW(db.checked([&] { db.run("SELECT * FROM nowhere"); }), Error);
}

TEST_F(StateDbTest, prepares_a_statement_once_and_gives_it_back_without_its_values) {
  StateDb db(folder_ / "state.db");
  const std::string query = "SELECT coalesce(?, 'nothing')";
  const store::Statement* first = nullptr;
  {
    const auto select = db.prepared(query);
    first = select.get();
    EXPECT_NE(db.prepared(query).get(), first) << "in use";
    select->bind(1, "something");
    ASSERT_TRUE(select->step());
    EXPECT_EQ(select->text(0), "something");
  }
  const auto again = db.prepared(query);
  EXPECT_EQ(again.get(), first);
  ASSERT_TRUE(again->step());
  EXPECT_EQ(again->text(0), "nothing");
}

TEST_F(StateDbTest, says_which_kind_of_failure_it_was) {
  StateDb db(folder_ / "state.db");
  db.run("CREATE TABLE t (x)");
  const auto failure = [&](const std::string& statement) {
    try {
      db.checked([&] { db.run(statement); });
    } catch (const Error& error) {
      return error.reason + "|" + error.what();
    }
    return std::string();
  };
  EXPECT_THAT(failure("no sql"),
              AllOf(HasSubstr("failed (near \"no\""), HasSubstr("check the disk")));
  db.run("PRAGMA max_page_count = 3");
  EXPECT_THAT(failure("INSERT INTO t VALUES (zeroblob(100000))"),
              HasSubstr("free some disk space"));
  db.run("PRAGMA query_only = ON");
  EXPECT_THAT(failure("DELETE FROM t"), HasSubstr("cannot be written"));

  StateDb other(folder_ / "state.db");
  db.run("PRAGMA query_only = OFF; PRAGMA busy_timeout = 0");
  other.run("BEGIN IMMEDIATE");
  EXPECT_THAT(failure("DELETE FROM t"), AllOf(HasSubstr("busy|"), HasSubstr("another process")));
  other.run("ROLLBACK");
}

TEST_F(StateDbTest, refuses_a_file_that_is_no_database_and_leaves_it) {
  const fs::path file = folder_ / "state.db";
  const std::string text(5000, 'x');
  write(file, text);
  EXPECT_THAT(refusal_of(file), AllOf(HasSubstr(file.string()), HasSubstr("is damaged"),
                                      HasSubstr("move it away"), Not(HasSubstr("\n"))));
  EXPECT_EQ(bytes_of(file), text);
}

TEST_F(StateDbTest, refuses_a_file_that_was_cut_and_leaves_it) {
  const fs::path file = folder_ / "state.db";
  {
    StateDb db(file);
    db.transaction([&] {
      db.run("CREATE TABLE t (x)");
      db.run("INSERT INTO t VALUES (zeroblob(50000))");
    });
  }
  fs::resize_file(file, 4096 + 100);
  const std::string bytes = bytes_of(file);
  EXPECT_THAT(refusal_of(file), HasSubstr("is damaged"));
  EXPECT_EQ(bytes_of(file), bytes);
}

TEST_F(StateDbTest, refuses_a_newer_file_and_leaves_it) {
  const fs::path file = folder_ / "state.db";
  {
    StateDb db(file);
    db.run("PRAGMA user_version = 3");
  }
  const std::string bytes = bytes_of(file);
  EXPECT_THAT(refusal_of(file),
              AllOf(HasSubstr("newer cartpilot (format 3)"), HasSubstr("update cartpilot")));
  EXPECT_EQ(bytes_of(file), bytes);
}

TEST_F(StateDbTest, refuses_another_programs_database_and_leaves_it) {
  const fs::path file = folder_ / "state.db";
  {
    StateDb db(file);
    db.run("PRAGMA user_version = 0");
    db.run("CREATE TABLE theirs (x)");
  }
  const std::string bytes = bytes_of(file);
  EXPECT_THAT(refusal_of(file), HasSubstr("some other program's database"));
  EXPECT_EQ(bytes_of(file), bytes);
}

TEST_F(StateDbTest, refuses_places_it_cannot_write_to) {
  write(folder_ / "file", "x");
  EXPECT_THAT(refusal_of(folder_ / "file" / "state.db"),
              AllOf(HasSubstr("needs the folder"), HasSubstr("point XDG_STATE_HOME")));
  EXPECT_THAT(refusal_of(folder_ / "file" / "deeper" / "state.db"), HasSubstr("needs the folder"));
  EXPECT_THAT(refusal_of("/proc/cartpilot/state.db"), HasSubstr("needs the folder"));
  fs::create_directory(folder_ / "state.db");
  EXPECT_THAT(refusal_of(folder_ / "state.db"), HasSubstr("is not an ordinary file"));
}

TEST_F(StateDbTest, does_not_create_through_a_dangling_link) {
  fs::create_symlink(folder_ / "elsewhere", folder_ / "state.db");
  EXPECT_THAT(refusal_of(folder_ / "state.db"), HasSubstr("is not an ordinary file"));
  EXPECT_FALSE(fs::exists(folder_ / "elsewhere"));
}

TEST_F(StateDbTest, opens_once_per_thread_and_loses_no_write) {
  const fs::path file = folder_ / "state.db";
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      StateDb db(file);
      db.transaction([&] { db.run("CREATE TABLE IF NOT EXISTS t (x)"); });
      for (int n = 0; n < 10; ++n) {
        db.transaction([&] { db.run("INSERT INTO t VALUES (1)"); });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  StateDb db(file);
  EXPECT_EQ(number(db, "SELECT count(*) FROM t"), 40);
}

TEST_F(StateDbTest, follows_the_xdg_rules_for_its_place) {
  const char* home = std::getenv("HOME");
  const char* state = std::getenv("XDG_STATE_HOME");
  const std::string old_home = home == nullptr ? "" : home;
  const std::string old_state = state == nullptr ? "" : state;
  ::setenv("HOME", "/home/someone", 1);
  ::setenv("XDG_STATE_HOME", "/var/state", 1);
  EXPECT_EQ(StateDb::default_path(), "/var/state/cartpilot/state.db");
  ::setenv("XDG_STATE_HOME", "relative", 1);
  EXPECT_EQ(StateDb::default_path(), "/home/someone/.local/state/cartpilot/state.db");
  ::unsetenv("XDG_STATE_HOME");
  EXPECT_EQ(StateDb::default_path(), "/home/someone/.local/state/cartpilot/state.db");
  ::unsetenv("HOME");
  EXPECT_THROW(StateDb::default_path(), Error);
  if (home != nullptr) ::setenv("HOME", old_home.c_str(), 1);
  if (state != nullptr) ::setenv("XDG_STATE_HOME", old_state.c_str(), 1);
}

TEST(StateDb, keeps_everything_in_memory_on_request) {
  StateDb db(":memory:");
  db.durable([&] { db.run("CREATE TABLE t (x)"); });
  EXPECT_FALSE(fs::exists(":memory:"));
}

}  // namespace
}  // namespace cartpilot::store
