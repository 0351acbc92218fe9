// StateDb: the program's own SQLite file, $XDG_STATE_HOME/cartpilot/state.db.
//
// WAL, foreign keys on, busy timeout 5 s; the file is 0600 from its first byte, its folder 0700.
// Modules keep their tables in it through `run()` and `prepared()`; each creates its own tables
// with CREATE TABLE IF NOT EXISTS. One StateDb per thread that uses it; several processes may have
// the file open. A file of an older program is brought up to date when it is opened. A file that is
// damaged, of a newer program, or no state database at all is refused
// with a clear Error{kUnavailable} and not touched.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace SQLite {
class Database;
class Statement;
}  // namespace SQLite

namespace cartpilot::store {

class StateDb;

/// Gives a statement back to the database that prepared it, reset and without values.
struct GiveBack {
  StateDb* db;
  void operator()(SQLite::Statement* statement) const;
};

/// A statement in use. Its end lets go of the locks that reading takes.
using PreparedStatement = std::unique_ptr<SQLite::Statement, GiveBack>;

class StateDb {
 public:
  /// Written to the file as PRAGMA user_version. A program refuses files with a higher one.
  static constexpr int kSchemaVersion = 2;

  /// Opens or creates. `path` ":memory:" keeps everything in memory.
  explicit StateDb(const std::filesystem::path& path);
  ~StateDb();
  StateDb(const StateDb&) = delete;
  StateDb& operator=(const StateDb&) = delete;

  /// Runs statements without values, and passes over their rows. As with prepared(), the database's
  /// own exceptions leave it: call it inside one of the three below.
  void run(const std::string& statements);

  /// The statement `query`, prepared once and kept for the next time. Not to outlive the database.
  PreparedStatement prepared(const std::string& query);

  const std::filesystem::path& path() const { return path_; }

  /// Runs `work` inside BEGIN IMMEDIATE .. COMMIT with synchronous=FULL: when it returns, the
  /// change is on disk. Rolls back and rethrows when `work` throws. Not nested.
  void durable(const std::function<void()>& work);

  /// Runs `work` inside BEGIN IMMEDIATE .. COMMIT (survives a killed process, not a power cut).
  void transaction(const std::function<void()>& work);

  /// Runs `work`, which only reads, inside BEGIN .. COMMIT: all of it sees one moment of the
  /// database, whatever other processes commit meanwhile. Not nested.
  void snapshot(const std::function<void()>& work);

  /// Runs `work` as it is, for single statements and reads. Here and in the three above, the
  /// database's own exceptions become Error{kUnavailable} naming the file and what to do, with
  /// reason "busy" when another process holds the file for longer than the busy timeout, and "disk"
  /// when the file cannot be read or written at present.
  void checked(const std::function<void()>& work) const;

  /// Name of the program's file in its state folder.
  static constexpr const char* kFile = "state.db";

  /// $XDG_STATE_HOME/cartpilot/state.db, or ~/.local/state/cartpilot/state.db. Throws
  /// Error{kUnavailable} when neither variable is set to an absolute path.
  static std::filesystem::path default_path();

 private:
  friend struct GiveBack;

  void open();
  void enclosed(bool writes, const std::function<void()>& work);
  void check_version();
  void migrate_from_1();
  std::int64_t number(const std::string& query);

  std::filesystem::path path_;
  std::unique_ptr<SQLite::Database> database_;
  std::map<std::string, std::unique_ptr<SQLite::Statement>>
      idle_;  ///< by text; before the database
};

}  // namespace cartpilot::store
