#include "store/postgres_database.h"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <pqxx/pqxx>
#include <utility>

#include "base/digest.h"
#include "base/private_files.h"
#include "cartpilot/error.h"
#include "store/postgres_error.h"
#include "store/postgres_link.h"
#include "text/terminal_text.h"

namespace cartpilot::store {
namespace {

constexpr std::size_t kMaxNameBytes = 200;
constexpr std::size_t kMaxPlainName = 40;
constexpr std::size_t kDigestDigits = 32;
constexpr const char* kDigestMark = "x_";

constexpr std::array kSharedTables = {
    "CREATE SCHEMA IF NOT EXISTS cartpilot",
    "CREATE TABLE cartpilot.format (version INTEGER NOT NULL)",
    "CREATE TABLE cartpilot.modules (module TEXT PRIMARY KEY, version BIGINT NOT NULL)",
    "CREATE TABLE cartpilot.people (person TEXT COLLATE \"C\" PRIMARY KEY, schema_name TEXT NOT "
    "NULL UNIQUE, created TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp())",
    "CREATE TABLE cartpilot.instances (id TEXT COLLATE \"C\" PRIMARY KEY, started TIMESTAMPTZ NOT "
    "NULL DEFAULT clock_timestamp(), seen TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(), address "
    "TEXT NOT NULL DEFAULT '')",
    "CREATE TABLE cartpilot.leases (person TEXT COLLATE \"C\" NOT NULL, session TEXT COLLATE \"C\" "
    "NOT NULL, owner TEXT COLLATE \"C\" NOT NULL, epoch BIGINT NOT NULL, until TIMESTAMPTZ NOT "
    "NULL, "
    "taken TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(), command TEXT NOT NULL, PRIMARY KEY "
    "(person, session))",
    "CREATE INDEX leases_by_owner ON cartpilot.leases (owner)",
};

/// The first 63 bits of a digest.
std::int64_t lock_key_of(const std::string& name) {
  constexpr std::size_t kDigits = 15;
  return std::stoll(base::sha256_hex("cartpilot lock " + name).substr(0, kDigits), nullptr, 16);
}

/// Runs `work` in a transaction, with one more try where an idle connection was found broken.
void in_transaction(PostgresPool& pool, const std::function<void(pqxx::work&)>& work) {
  for (const bool fresh : {false, true}) {
    PostgresPool::Taken link = fresh ? pool.take_fresh() : pool.take();
    try {
      pqxx::work transaction(link->connection());
      transaction.exec("SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '30s'");
      work(transaction);
      transaction.commit();
      return;
    } catch (const pqxx::pqxx_exception& error) {
      if (!link->broken() || fresh) {
        refuse_database_for(pool.address().text, error.base(), link->broken());
      }
    }
  }
}

void take_migration_lock(pqxx::work& transaction) {
  transaction.exec(
      fmt::format("SELECT pg_advisory_xact_lock({})", lock_key_of("the format of the database")));
}

/// By the tables themselves: functions such as to_regclass() may remember an earlier answer.
bool has_shared_tables(pqxx::work& transaction) {
  return !transaction
              .exec(
                  "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
                  "c.relnamespace WHERE n.nspname = 'cartpilot' AND c.relname = 'format'")
              .empty();
}

}  // namespace

PostgresDatabase::PostgresDatabase(PostgresAddress address, std::filesystem::path notes,
                                   std::size_t connections)
    : notes_(std::move(notes)), pool_(std::move(address), connections), instance_(pool_) {
  if (!notes_.empty()) base::make_private_folder(notes_);  // notes are as good as none without it
}

std::string PostgresDatabase::schema_name(const std::string& person) {
  const bool plain =
      !person.empty() && person.size() <= kMaxPlainName && person.front() >= 'a' &&
      person.front() <= 'z' && !person.starts_with(kDigestMark) &&
      person.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  if (plain) return "cartpilot_" + person;
  return std::string("cartpilot_") + kDigestMark +
         base::sha256_hex(person).substr(0, kDigestDigits);
}

PostgresSchema PostgresDatabase::schema_of(const std::string& person) {
  if (person.empty() || person.size() > kMaxNameBytes || !text::is_utf8(person) ||
      person.find('\0') != std::string::npos) {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("a person's name is UTF-8 text of 1 to {} bytes", kMaxNameBytes));
  }
  const PostgresSchema schema{person, schema_name(person), lock_key_of("person " + person)};
  require_format();
  {
    const std::lock_guard lock(mutex_);
    if (people_known_.contains(person)) return schema;
  }
  make_schema(person, schema.name);
  const std::lock_guard lock(mutex_);
  people_known_.insert(person);
  return schema;
}

PostgresSchema PostgresDatabase::shared_schema() {
  require_format();
  return {"", kSharedSchema, lock_key_of("everybody")};
}

void PostgresDatabase::require_format() {
  {
    const std::lock_guard lock(mutex_);
    if (format_known_) return;
  }
  make_format();
  const std::lock_guard lock(mutex_);
  format_known_ = true;
}

/// Reads only, unless the database is new.
void PostgresDatabase::make_format() {
  std::int64_t found = 0;
  in_transaction(pool_, [&](pqxx::work& transaction) {
    if (!has_shared_tables(transaction)) {
      take_migration_lock(transaction);
      if (!has_shared_tables(transaction)) {
        for (const char* statement : kSharedTables) transaction.exec(statement);
        transaction.exec(fmt::format("INSERT INTO cartpilot.format VALUES ({})", kFormat));
      }
    }
    found = transaction.exec("SELECT max(version) FROM cartpilot.format").at(0).at(0).as<int>(0);
  });
  if (found > kFormat) {
    refuse_database(address().text,
                    fmt::format("was written by a newer cartpilot (format {})", found),
                    "update cartpilot, or pass another database (nothing was changed)");
  }
}

void PostgresDatabase::make_schema(const std::string& person, const std::string& schema) {
  in_transaction(pool_, [&](pqxx::work& transaction) {
    const auto known = [&] {
      return !transaction.exec_params("SELECT 1 FROM cartpilot.people WHERE person = $1", person)
                  .empty();
    };
    if (known()) return;
    take_migration_lock(transaction);
    if (known()) return;
    transaction.exec("CREATE SCHEMA " + schema);
    transaction.exec(fmt::format(
        "CREATE TABLE {}.modules (module TEXT PRIMARY KEY, version BIGINT NOT NULL)", schema));
    transaction.exec_params("INSERT INTO cartpilot.people (person, schema_name) VALUES ($1, $2)",
                            person, schema);
  });
}

std::vector<std::string> PostgresDatabase::people() {
  require_format();
  std::vector<std::string> found;
  in_transaction(pool_, [&](pqxx::work& transaction) {
    for (const auto& row :
         transaction.exec("SELECT person FROM cartpilot.people ORDER BY person")) {
      found.emplace_back(row.at(0).c_str());
    }
  });
  return found;
}

bool PostgresDatabase::has_tables(const std::string& schema, const std::string& module,
                                  int version) const {
  const std::lock_guard lock(mutex_);
  return tables_known_.contains(fmt::format("{} {} {}", schema, module, version));
}

void PostgresDatabase::remember_tables(const std::string& schema, const std::string& module,
                                       int version) {
  const std::lock_guard lock(mutex_);
  tables_known_.insert(fmt::format("{} {} {}", schema, module, version));
}

}  // namespace cartpilot::store
