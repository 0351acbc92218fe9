// StateDb: the program's own state: conversations, purchases, questions, pins.
//
// One StateDb is the state of one person. It lies in the SQLite file
// $XDG_STATE_HOME/cartpilot/state.db (WAL, foreign keys on, busy timeout 5 s; the file is 0600 from
// its first byte, its folder 0700) or, where many people or several machines share a database, in a
// PostgreSQL schema of that person. Modules keep their tables in it through `create_tables()`,
// `run()` and `prepared()` and know nothing of the database behind it; what they write must be SQL
// that both understand. One StateDb per thread that uses it; several processes may have the state
// open. A state of an older program is brought up to date when it is opened. One that is damaged,
// of a newer program, or no state at all is refused with a clear Error{kUnavailable} and not
// touched.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "store/connection.h"
#include "store/statement.h"
#include "store/table_set.h"

namespace cartpilot::store {

/// Gives a statement back to the connection that prepared it.
struct GiveBack {
  Connection* connection;
  void operator()(Statement* statement) const {
    connection->give_back(std::unique_ptr<Statement>(statement));
  }
};

/// A statement in use. Its end lets go of the locks that reading takes.
using PreparedStatement = std::unique_ptr<Statement, GiveBack>;

class PostgresDatabase;

class StateDb {
 public:
  /// Written to the file as PRAGMA user_version. A program refuses files with a higher one.
  static constexpr int kSchemaVersion = 2;

  /// Opens or creates the SQLite file. `path` ":memory:" keeps everything in memory.
  explicit StateDb(const std::filesystem::path& path);
  /// One person's state in a PostgreSQL database, made when it is missing.
  StateDb(std::shared_ptr<PostgresDatabase> database, const std::string& person);
  /// The part of a PostgreSQL database that belongs to nobody in particular.
  static std::unique_ptr<StateDb> shared(std::shared_ptr<PostgresDatabase> database);
  ~StateDb();
  StateDb(const StateDb&) = delete;
  StateDb& operator=(const StateDb&) = delete;

  /// Makes the tables that are missing. The one way to define tables. Not inside a transaction.
  void create_tables(const TableSet& tables) { connection_->create_tables(tables); }

  /// The same inside a transaction, for a table that was renamed in it.
  void make_missing(const TableSet& tables) { connection_->make_missing(tables); }

  /// Runs statements without values, and passes over their rows. As with prepared(), the database's
  /// own exceptions leave it: call it inside one of the four below.
  void run(const std::string& statements) { connection_->run(statements); }

  /// The statement `query`, with a question mark (or ?1, ?2, ... where a value is used twice) for
  /// each value. Not to outlive the database.
  PreparedStatement prepared(const std::string& query) {
    return {connection_->prepared(query).release(), GiveBack{connection_.get()}};
  }

  /// This process, by a name under which others that have the state open know it.
  std::string owner() { return connection_->owner(); }
  /// Whether the process that owner() named there still runs; a text that is no owner names nobody.
  /// With PostgreSQL it must have been seen within the last 30 seconds.
  bool owner_is_alive(const std::string& owner) { return connection_->owner_is_alive(owner); }

  /// What is done from now on is done for the conversation that `lock` holds, in its epoch.
  void act_for(const SessionLock& lock) { connection_->act_for(lock); }
  /// Inside a transaction: the conversation is held until it ends. Throws Error{kPermission, reason
  /// "fenced"} when act_for() named this conversation and another instance holds it by now, or
  /// could; and when it did not and another one holds it. With a file nothing is asked: a file lock
  /// ends with its process.
  void require_lease(const std::string& session) { connection_->require_lease(session); }

  /// Which state it is, for people: the path of the file, or the database and the person.
  std::string name() const { return connection_->name(); }
  /// "restore the folder /home/ada/.local/state/cartpilot from a backup".
  std::string restore_advice() const { return connection_->restore_advice(); }
  /// Notes about the state that must not be part of it lie in files whose names begin with this
  /// path. ":memory:" when there is no such place.
  const std::filesystem::path& note_place() const { return connection_->note_place(); }

  /// Runs `work` in a transaction of the only writer: what it reads nobody changes before it ends.
  /// When it returns, the change is on disk. Rolls back and rethrows when `work` throws. Not
  /// nested.
  void durable(const std::function<void()>& work) {
    connection_->enclosed(Connection::Scope::kDurable, work);
  }

  /// The same, but the change survives a killed process, not a power cut.
  void transaction(const std::function<void()>& work) {
    connection_->enclosed(Connection::Scope::kTransaction, work);
  }

  /// Runs `work`, which only reads: all of it sees one moment of the database, whatever other
  /// processes commit meanwhile. Not nested.
  void snapshot(const std::function<void()>& work) {
    connection_->enclosed(Connection::Scope::kSnapshot, work);
  }

  /// Runs `work` as it is, for single statements and reads; also inside one of the others. Here and
  /// in the three above, the database's own exceptions become Error{kUnavailable} naming the state
  /// and what to do, with reason "busy" when another process holds it for longer than 5 s, "disk"
  /// when it cannot be read or written at present, and with PostgreSQL "connection" when the server
  /// cannot be reached (nothing was changed) and "commit_unknown" when the connection broke at the
  /// end of a change and it cannot be told whether it was kept.
  void checked(const std::function<void()>& work) const {
    connection_->enclosed(Connection::Scope::kPlain, work);
  }

  /// As checked(); in one of the others, what came before `work` goes on to count when it throws.
  void contained(const std::function<void()>& work) const { connection_->contained(work); }

  /// Lets go of what is kept to be quicker next time, for a state that is not used for a while.
  void release_memory() noexcept { connection_->release_memory(); }

  /// Tells whoever waits, in all processes that hear of it, that something changed. After the
  /// change; never throws. See announcements.h.
  void announce() const noexcept { connection_->announce(); }

  /// Name of the program's file in its state folder.
  static constexpr const char* kFile = "state.db";

  /// $XDG_STATE_HOME/cartpilot/state.db, or ~/.local/state/cartpilot/state.db. Throws
  /// Error{kUnavailable} when neither variable is set to an absolute path.
  static std::filesystem::path default_path();

 private:
  explicit StateDb(std::unique_ptr<Connection> connection);

  std::unique_ptr<Connection> connection_;
};

}  // namespace cartpilot::store
