// The log of the database: what is moved into the file, and when.
#include "sandbox/store/checkpointer.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "sandbox/store/store.h"
#include "unit/sandbox/killable_sandbox.h"

namespace cartpilot::sandbox {
namespace {

constexpr int kFullLog = 8000;

// A database whose only row is still in its log.
class LoggedRow {
 public:
  LoggedRow() {
    database_.exec("PRAGMA journal_mode = WAL");
    database_.exec("PRAGMA wal_autocheckpoint = 0");
    database_.exec("CREATE TABLE t(x)");
    database_.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    database_.exec("INSERT INTO t VALUES(1)");
  }

  const std::string& path() const { return path_; }
  /// What the file says without its log.
  int rows_in_the_file() const {
    const std::string copy = folder_.file("copy.db");
    std::filesystem::copy_file(path_, copy, std::filesystem::copy_options::overwrite_existing);
    return SQLite::Database(copy, SQLite::OPEN_READWRITE)
        .execAndGet("SELECT count(*) FROM t")
        .getInt();
  }

 private:
  Folder folder_;
  const std::string path_ = folder_.file("logged.db");
  SQLite::Database database_{path_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
};

TEST(Checkpointer, moves_a_full_log_into_the_file_and_lets_a_short_one_be) {
  LoggedRow row;
  std::mutex guard;
  { Checkpointer(row.path(), guard).note(kFullLog - 1); }
  EXPECT_EQ(row.rows_in_the_file(), 0);
  { Checkpointer(row.path(), guard).note(kFullLog); }
  EXPECT_EQ(row.rows_in_the_file(), 1);
}

TEST(Checkpointer, works_for_a_store_that_is_in_use) {
  Folder folder;
  const std::string path = folder.file("sandbox.db");
  std::mutex guard;
  SandboxStore store(path, guard);
  const std::size_t length = std::size_t{kFullLog} * 4096;
  {
    const std::lock_guard lock(guard);
    store.save_setting("long", std::string(length, 'x'));
  }
  // SQLite itself would have moved it inside the commit above; here it happens beside.
  while (std::filesystem::file_size(path) < length) std::this_thread::yield();
  EXPECT_EQ(store.find_setting("long"), std::string(length, 'x'));
}

}  // namespace
}  // namespace cartpilot::sandbox
