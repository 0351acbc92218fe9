#include "sandbox/store/database_file.h"

#include <SQLiteCpp/Exception.h>
#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "base/private_files.h"
#include "cartpilot/error.h"

namespace cartpilot::sandbox {
namespace {

constexpr int kSchemaVersion = 2;
constexpr int kOldestReadableVersion = 1;
constexpr int kApplicationId = 0x43505342;  // "CPSB"
constexpr int kBusyTimeoutMs = 5000;

// `number` keeps the order of creation; a document is the record as the API shows it.
constexpr const char* kFirstTables[] = {
    "CREATE TABLE intents(id TEXT PRIMARY KEY, document TEXT NOT NULL)",
    "CREATE TABLE offers(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " intent_id TEXT NOT NULL, document TEXT NOT NULL)",
    "CREATE INDEX offers_of_intent ON offers(intent_id, number)",
    "CREATE TABLE checkouts(id TEXT PRIMARY KEY, body_key TEXT UNIQUE, document TEXT NOT NULL)",
    "CREATE TABLE merchant_sessions(id TEXT PRIMARY KEY, document TEXT NOT NULL)",
    "CREATE TABLE orders(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " checkout_id TEXT NOT NULL UNIQUE, merchant_id TEXT NOT NULL, status TEXT NOT NULL,"
    " document TEXT NOT NULL)",
    "CREATE TABLE answers(key TEXT, path TEXT, body_hash TEXT, status INTEGER NOT NULL,"
    " body TEXT NOT NULL, stored_at INTEGER NOT NULL, PRIMARY KEY(key, path))",
    "CREATE INDEX answers_by_age ON answers(stored_at)",
};

// What format 2 adds: webhooks, the merchants' own APIs, changed goods, chaos.
constexpr const char* kSecondTables[] = {
    "ALTER TABLE merchant_sessions ADD COLUMN merchant_id TEXT",
    "ALTER TABLE merchant_sessions ADD COLUMN quote_key TEXT",
    "UPDATE merchant_sessions SET merchant_id = json_extract(document, '$.merchant_id')",
    "CREATE UNIQUE INDEX sessions_by_key ON merchant_sessions(merchant_id, quote_key)"
    " WHERE quote_key IS NOT NULL",
    "ALTER TABLE orders ADD COLUMN merchant_order_id TEXT",
    "UPDATE orders SET merchant_order_id = json_extract(document, '$.merchant_order_id')",
    "CREATE INDEX orders_by_number ON orders(merchant_order_id)",
    "CREATE TABLE webhook_events(merchant_id TEXT, event_id TEXT, document TEXT NOT NULL,"
    " PRIMARY KEY(merchant_id, event_id))",
    "CREATE TABLE goods(merchant_id TEXT, product_id TEXT, document TEXT NOT NULL,"
    " PRIMARY KEY(merchant_id, product_id))",
    "CREATE TABLE settings(name TEXT PRIMARY KEY, document TEXT NOT NULL)",
};

Error refused(const std::string& path, const std::string& why) {
  return Error(ErrorCode::kUnavailable,
               fmt::format("sandbox database {} {}; give another file with --db", path, why));
}

int number(SQLite::Database& database, const char* query) {
  return database.execAndGet(query).getInt();
}

// A database that was never written to carries neither mark nor table.
bool is_empty(SQLite::Database& database) {
  return number(database, "PRAGMA application_id") == 0 &&
         number(database, "PRAGMA user_version") == 0 &&
         number(database, "SELECT count(*) FROM sqlite_master") == 0;
}

void check_owner_and_version(SQLite::Database& database, const std::string& path) {
  if (is_empty(database)) return;
  if (number(database, "PRAGMA application_id") != kApplicationId) {
    throw refused(path, "belongs to another program");
  }
  const int version = number(database, "PRAGMA user_version");
  if (version < kOldestReadableVersion || version > kSchemaVersion) {
    throw refused(
        path, fmt::format("has format {}, this program reads format {}", version, kSchemaVersion));
  }
}

// Reads every page: better a slow start than a wrong answer from a torn file later.
void check_for_damage(SQLite::Database& database, const std::string& path) {
  const std::string verdict = database.execAndGet("PRAGMA quick_check(1)").getString();
  if (verdict != "ok") throw refused(path, "is damaged (" + verdict + ")");
}

void inspect_existing(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return;
  if (!std::filesystem::is_regular_file(path, ignored)) throw refused(path, "is not a file");
  SQLite::Database database(path, SQLite::OPEN_READONLY | SQLite::OPEN_NOMUTEX, kBusyTimeoutMs);
  check_owner_and_version(database, path);
  check_for_damage(database, path);
}

// A mistyped path makes no folders; that of the default file is made by who knows it.
void require_parent_folder(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  std::error_code ignored;
  if (parent.empty() || std::filesystem::is_directory(parent, ignored)) return;
  throw refused(path, fmt::format("cannot be made: there is no folder {}", parent.string()));
}

// A new file is its owner's alone from its first byte; its journal files take their mode from it.
void make_private_file(const std::string& path) {
  const int made = base::open_private_file(path, O_RDWR | O_CREAT | O_EXCL);
  if (made >= 0) ::close(made);
}

// Brings an empty or older database to today's format, in one transaction.
void bring_up_to_date(SQLite::Database& database) {
  database.exec("BEGIN IMMEDIATE");
  // Read inside the transaction: another process may have been faster.
  const int version = number(database, "PRAGMA user_version");
  if (version < 1) {
    for (const char* statement : kFirstTables) database.exec(statement);
    database.exec(fmt::format("PRAGMA application_id = {}", kApplicationId));
  }
  if (version < 2) {
    for (const char* statement : kSecondTables) database.exec(statement);
  }
  database.exec(fmt::format("PRAGMA user_version = {}", kSchemaVersion));
  database.exec("COMMIT");
}

SQLite::Database open_for_writing(const std::string& path) {
  SQLite::Database database(
      path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE | SQLite::OPEN_NOMUTEX, kBusyTimeoutMs);
  database.exec("PRAGMA synchronous = NORMAL");
  database.exec("PRAGMA journal_mode = WAL");
  check_owner_and_version(database, path);
  if (number(database, "PRAGMA user_version") != kSchemaVersion) bring_up_to_date(database);
  return database;
}

}  // namespace

SQLite::Database open_database(const std::string& path) {
  try {
    if (path == ":memory:") return open_for_writing(path);
    require_parent_folder(path);
    // A new file goes through moments that belong to one program alone.
    const base::FolderLock first(std::filesystem::path(path).parent_path());
    inspect_existing(path);
    make_private_file(path);
    return open_for_writing(path);
  } catch (const SQLite::Exception& e) {
    throw refused(path, std::string("cannot be used (") + e.what() + ")");
  }
}

}  // namespace cartpilot::sandbox
