#include "store/sqlite_connection.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <mutex>
#include <utility>

#include "base/private_files.h"
#include "store/sqlite_file.h"
#include "store/sqlite_statement.h"
#include "store/state_db.h"

namespace cartpilot::store {

namespace {

constexpr int kBusyTimeoutMs = 5000;

/// Creation and opening are one step for the threads of this process (see make_state_file).
std::mutex& creation_mutex() {
  static std::mutex mutex;
  return mutex;
}

}  // namespace

SqliteConnection::SqliteConnection(const std::filesystem::path& path) : path_(path) {
  const std::lock_guard lock(creation_mutex());
  if (path_ == ":memory:") {
    checked([&] { open(); });
    return;
  }
  make_state_folder(path_);
  // A new file goes through moments that belong to one program alone.
  const base::FolderLock first(path_.parent_path());
  make_state_file(path_);
  checked([&] { open(); });
}

SqliteConnection::~SqliteConnection() = default;

void SqliteConnection::release_memory() noexcept {
  idle_.clear();
  ::sqlite3_db_release_memory(database_->getHandle());
}

void SqliteConnection::run(const std::string& statements) { database_->exec(statements); }

std::unique_ptr<Statement> SqliteConnection::prepared(const std::string& query) {
  const auto found = idle_.find(query);
  if (found == idle_.end() || found->second == nullptr) {
    return std::make_unique<SqliteStatement>(*database_, query);
  }
  return std::move(found->second);
}

void SqliteConnection::give_back(std::unique_ptr<Statement> statement) {
  auto& own = static_cast<SqliteStatement&>(*statement);
  own.reset();
  idle_[own.query()] = std::move(statement);
}

std::string SqliteConnection::restore_advice() const {
  return fmt::format("restore the folder {} from a backup", path_.parent_path().string());
}

bool SqliteConnection::has_all(const TableSet& tables) {
  for (const char* statement : tables.statements) {
    const auto select = std::make_unique<SqliteStatement>(
        *database_, "SELECT 1 FROM main.sqlite_schema WHERE name = ?");
    select->bind(1, made_by(statement));
    if (!select->step()) return false;
  }
  return true;
}

void SqliteConnection::create_tables(const TableSet& tables) {
  bool present = false;
  checked([&] { present = has_all(tables); });
  if (!present) transaction(true, [&] { make_missing(tables); });
}

void SqliteConnection::make_missing(const TableSet& tables) {
  for (const char* statement : tables.statements) run(statement);
}

std::int64_t SqliteConnection::number(const std::string& query) {
  SqliteStatement select(*database_, query);
  return select.step() ? select.integer(0) : 0;
}

void SqliteConnection::open() {
  // make_state_file() has made it: nothing else may, or it would be readable by others.
  database_ =
      std::make_unique<SQLite::Database>(path_.string(), SQLite::OPEN_READWRITE, kBusyTimeoutMs);
  check_version();
  // Rows are written once and seldom read again; what they went through need not stay in memory.
  // A store of small pieces that is quicker by what nobody notices, and 48 kB for each connection.
  ::sqlite3_db_config(database_->getHandle(), SQLITE_DBCONFIG_LOOKASIDE, nullptr, 0, 0);
  run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;"
      "PRAGMA cache_size = -128");
}

/// Reads only, unless the file is new: a file that is not ours must stay as it is.
void SqliteConnection::check_version() {
  const auto version = [&] { return number("PRAGMA user_version"); };
  if (version() > StateDb::kSchemaVersion) {
    refuse_file(path_, fmt::format("was written by a newer cartpilot (format {})", version()),
                "update cartpilot, or point XDG_STATE_HOME elsewhere (nothing was changed)");
  }
  if (version() == StateDb::kSchemaVersion) return;
  transaction(true, [&] {
    // Another process may have been first: then the version is there by now.
    const std::int64_t found = version();
    if (found == StateDb::kSchemaVersion) return;
    if (found == 1) {
      migrate_from_1();
    } else if (number("SELECT count(*) FROM main.sqlite_schema") > 0) {
      refuse_file(path_, "is some other program's database", kMoveAway);
    }
    run(fmt::format("PRAGMA user_version = {}", StateDb::kSchemaVersion));
  });
}

/// Format 2 says which CartPilot conversations and purchases belong to, and what was bought. What
/// was there before gets the empty text, which stands for unknown. Modules make the tables that are
/// missing by themselves.
void SqliteConnection::migrate_from_1() {
  constexpr std::pair<const char*, const char*> kColumns[] = {
      {"sessions", "cartpilot TEXT NOT NULL DEFAULT ''"},
      {"purchases", "cartpilot TEXT NOT NULL DEFAULT ''"},
      {"purchases", "receipt TEXT NOT NULL DEFAULT ''"},
      {"purchases", "channel TEXT NOT NULL DEFAULT ''"},
      {"purchases", "approved_ms INTEGER NOT NULL DEFAULT 0"},
      {"purchase_checkouts", "cartpilot TEXT NOT NULL DEFAULT ''"},
  };
  for (const auto& [table, column] : kColumns) {
    const bool present =
        number(
            fmt::format("SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = "
                        "'{}'",
                        table)) > 0;
    if (present) run(fmt::format("ALTER TABLE {} ADD COLUMN {}", table, column));
  }
}

void SqliteConnection::enclosed(Scope scope, const std::function<void()>& work) {
  switch (scope) {
    case Scope::kPlain: checked(work); break;
    case Scope::kSnapshot: transaction(false, work); break;
    case Scope::kTransaction: transaction(true, work); break;
    case Scope::kDurable: durable(work); break;
  }
}

void SqliteConnection::checked(const std::function<void()>& work) const {
  try {
    work();
  } catch (const SQLite::Exception& error) {
    refuse_file_for(path_, error);
  }
}

void SqliteConnection::transaction(bool writes, const std::function<void()>& work) {
  using Behavior = SQLite::TransactionBehavior;
  checked([&] {
    SQLite::Transaction transaction(*database_, writes ? Behavior::IMMEDIATE : Behavior::DEFERRED);
    work();
    transaction.commit();
  });
}

void SqliteConnection::durable(const std::function<void()>& work) {
  // The level cannot change inside a transaction, and holds for this connection until set back.
  checked([&] { run("PRAGMA synchronous = FULL"); });
  const auto back_to_normal = [&] {
    try {
      run("PRAGMA synchronous = NORMAL");
    } catch (const SQLite::Exception&) {  // NOLINT: staying at FULL is only slower
    }
  };
  try {
    transaction(true, work);
  } catch (...) {
    back_to_normal();
    throw;
  }
  back_to_normal();
}

}  // namespace cartpilot::store
