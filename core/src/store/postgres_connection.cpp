#include "store/postgres_connection.h"

#include <fmt/format.h>

#include <pqxx/pqxx>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/digest.h"
#include "cartpilot/error.h"
#include "store/postgres_error.h"
#include "store/postgres_link.h"
#include "store/postgres_sql.h"
#include "store/postgres_statement.h"

namespace cartpilot::store {
namespace {

using Snapshot = pqxx::transaction<pqxx::repeatable_read, pqxx::read_only>;

/// As long as SQLite waits for another writer; what no statement of ours comes near; and in case
/// this process is stopped in the middle, so that others do not wait for it.
constexpr const char* kTimeLimits =
    "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '30s'; SET LOCAL "
    "idle_in_transaction_session_timeout = '15s'; ";
/// A server that also waits for its copies goes on doing so.
constexpr const char* kWaitForDisk =
    "SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN "
    "'remote_apply' THEN 'remote_apply' ELSE 'on' END, true); ";
constexpr const char* kDoNotWaitForDisk = "SET LOCAL synchronous_commit = off; ";

constexpr auto kLongestLook = std::chrono::seconds(3);
constexpr auto kLookPause = std::chrono::milliseconds(50);

bool writes(Connection::Scope scope) {
  return scope == Connection::Scope::kTransaction || scope == Connection::Scope::kDurable;
}

std::string name_of(const PostgresDatabase& database, const PostgresSchema& schema) {
  return schema.person.empty() ? database.address().text
                               : fmt::format("{} ({})", database.address().text, schema.person);
}

}  // namespace

PostgresConnection::PostgresConnection(std::shared_ptr<PostgresDatabase> database,
                                       PostgresSchema schema)
    : database_(std::move(database)),
      schema_(std::move(schema)),
      name_(name_of(*database_, schema_)),
      note_place_(database_->notes().empty()
                      ? std::filesystem::path(":memory:")
                      : database_->notes() / base::sha256_hex(name_).substr(0, 32)) {}

PostgresConnection::~PostgresConnection() = default;

std::string PostgresConnection::restore_advice() const {
  return fmt::format("restore the database {} from a backup", database_->address().text);
}

std::string PostgresConnection::opening(Scope scope) const {
  std::string text =
      fmt::format("SET LOCAL search_path TO {}, pg_catalog; {}", schema_.name, kTimeLimits);
  if (scope == Scope::kSnapshot) return text;
  text += scope == Scope::kDurable ? kWaitForDisk : kDoNotWaitForDisk;
  if (!writes(scope)) return text;
  return text +
         fmt::format("SELECT pg_advisory_xact_lock({}); SELECT txid_current()", schema_.lock_key);
}

void PostgresConnection::start(Block& block) const {
  pqxx::connection& connection = block.link->connection();
  if (block.scope == Scope::kSnapshot) {
    block.transaction = std::make_unique<Snapshot>(connection);
  } else {
    block.transaction = std::make_unique<pqxx::work>(connection);
  }
  block.in_use = block.transaction.get();
  const pqxx::result opened = block.transaction->exec(opening(block.scope));
  if (writes(block.scope)) block.transaction_id = opened.at(0).at(0).c_str();
}

/// A connection that lay idle may have ended meanwhile, which shows only now.
PostgresConnection::Block PostgresConnection::opened(Scope scope, bool fresh) const {
  for (;; fresh = true) {
    Block block;
    block.scope = scope;
    block.repeated = fresh;
    block.link = fresh ? database_->pool().take_fresh() : database_->pool().take();
    try {
      start(block);
      return block;
    } catch (const pqxx::pqxx_exception& error) {
      const bool broken = block.link->broken();
      if (!broken || fresh) refuse_database_for(name_, error.base(), broken);
    }
  }
}

bool PostgresConnection::lost() const { return !block_->link || block_->link->broken(); }

void PostgresConnection::enclosed(Scope scope, const std::function<void()>& work) {
  if (block_) {
    if (scope != Scope::kPlain) {
      refuse_database(name_, "failed (a transaction within a transaction)", "report this");
    }
    work();
    return;
  }
  block_.emplace(opened(scope, false));
  try {
    work();
    finish();
  } catch (...) {
    block_.reset();  // rolls back
    throw;
  }
}

void PostgresConnection::contained(const std::function<void()>& work) {
  if (!block_) return enclosed(Scope::kPlain, work);
  const auto back = [this] { block_->in_use = block_->transaction.get(); };
  try {
    pqxx::subtransaction part(*block_->transaction, "contained");
    block_->in_use = &part;
    work();
    part.commit();
    back();
  } catch (const pqxx::pqxx_exception& error) {
    back();
    fail(error.base());
  } catch (...) {
    back();
    block_->failed = lost();
    throw;
  }
}

/// An error that the work kept to itself must not pass for a success: the server has dropped
/// everything.
void PostgresConnection::finish() {
  Block& block = *block_;
  if (block.failed) {
    if (!block.wrote && !writes(block.scope)) return block_.reset();
    refuse_database(name_, "failed in the middle of a change", "try again");
  }
  const std::string server_run = block.link->server_run();
  std::string id = block.transaction_id;
  try {
    if (block.wrote && id.empty()) {
      id = block.transaction->exec("SELECT txid_current()").at(0).at(0).c_str();
    }
  } catch (const pqxx::pqxx_exception& error) {
    fail(error.base());
  }
  try {
    block.transaction->commit();
  } catch (const pqxx::pqxx_exception& error) {
    if (!lost()) fail(error.base());
    const bool changed = block.wrote;
    block_.reset();
    if (!changed) return;
    switch (fate_of(id, server_run)) {
      case Fate::kCommitted: return;
      case Fate::kAborted:
        refuse_database(name_, "lost the connection, and nothing was changed", "try again",
                        "connection");
      case Fate::kUnknown:
        refuse_database(name_,
                        "lost the connection while it was writing, so it is not known whether the "
                        "change was kept",
                        "check that the server runs, then look again", "commit_unknown");
    }
  }
  block_.reset();
}

/// Only the same run of the server knows: after a restart, or on a copy that took over, the number
/// of the transaction may be another one's.
PostgresConnection::Fate PostgresConnection::fate_of(const std::string& transaction_id,
                                                     const std::string& server_run) const {
  const auto end = base::steady_now() + kLongestLook;
  do {
    try {
      const PostgresPool::Taken link = database_->pool().take_fresh();
      if (link->server_run() != server_run) return Fate::kUnknown;
      pqxx::nontransaction look(link->connection());
      const pqxx::result found = look.exec("SELECT txid_status(" + transaction_id + ")");
      const std::string status = found.at(0).at(0).c_str();
      if (status == "committed") return Fate::kCommitted;
      if (status == "aborted") return Fate::kAborted;
      if (status.empty()) return Fate::kUnknown;
    } catch (const pqxx::pqxx_exception&) {  // NOLINT: looks again
    } catch (const Error&) {                 // NOLINT: looks again
    }
    std::this_thread::sleep_for(kLookPause);
  } while (base::steady_now() < end);
  return Fate::kUnknown;
}

void PostgresConnection::fail(const std::exception& error) {
  block_->failed = true;
  refuse_database_for(name_, error, lost());
}

/// Whether a statement on a connection that broke may be sent once more on another one: only while
/// nothing that was read or written before it belongs together with it.
bool PostgresConnection::may_repeat(bool reads) const {
  if (!reads || block_->repeated || !lost()) return false;
  if (block_->in_use != block_->transaction.get()) return false;
  return (block_->scope == Scope::kPlain && !block_->wrote) ||
         (block_->scope == Scope::kSnapshot && block_->statements == 0);
}

pqxx::result PostgresConnection::attempt(bool reads,
                                         const std::function<pqxx::result()>& statement) {
  if (block_->failed) {
    refuse_database(name_, "failed earlier in the same transaction", "try again");
  }
  for (;;) {
    try {
      pqxx::result result = statement();
      ++block_->statements;
      if (!reads) block_->wrote = true;
      return result;
    } catch (const pqxx::pqxx_exception& error) {
      if (!may_repeat(reads)) fail(error.base());
    }
    block_->in_use = nullptr;
    block_->transaction.reset();
    block_->link.reset();
    try {
      block_.emplace(opened(block_->scope, true));
    } catch (...) {
      block_->failed = true;
      throw;
    }
  }
}

pqxx::result PostgresConnection::execute(const std::string& query,
                                         const std::vector<std::optional<std::string>>& values) {
  if (!block_) {
    pqxx::result result;
    enclosed(Scope::kPlain, [&] { result = execute(query, values); });
    return result;
  }
  std::vector<const char*> places;
  places.reserve(values.size());
  for (const auto& value : values) places.push_back(value ? value->c_str() : nullptr);
  return attempt(only_reads(query), [&] {
    return block_->in_use->exec_params(query, pqxx::prepare::make_dynamic_params(places));
  });
}

void PostgresConnection::run(const std::string& statements) {
  if (!block_) return enclosed(Scope::kPlain, [&] { run(statements); });
  attempt(only_reads(statements), [&] { return block_->in_use->exec(statements); });
}

std::unique_ptr<Statement> PostgresConnection::prepared(const std::string& query) {
  return std::make_unique<PostgresStatement>(*this, query);
}

void PostgresConnection::create_tables(const TableSet& tables) {
  if (database_->has_tables(schema_.name, tables.module, tables.version)) return;
  const auto version = [&] {
    const auto select = prepared("SELECT version FROM modules WHERE module = ?");
    select->bind(1, tables.module);
    return select->step() ? select->integer(0) : 0;
  };
  std::int64_t found = version();
  if (found < tables.version) {
    enclosed(Scope::kDurable, [&] {
      found = version();  // another process may have been first
      if (found >= tables.version) return;
      make_missing(tables);
      const auto note = prepared(
          "INSERT INTO modules VALUES (?, ?) ON CONFLICT (module) DO UPDATE SET version = "
          "excluded.version");
      note->bind_all(tables.module, tables.version);
      note->exec();
      found = tables.version;
    });
  }
  if (found > tables.version) {
    refuse_database(name_,
                    fmt::format("was written by a newer cartpilot ({} {})", tables.module, found),
                    "update cartpilot (nothing was changed)");
  }
  database_->remember_tables(schema_.name, tables.module, tables.version);
}

void PostgresConnection::make_missing(const TableSet& tables) {
  for (const char* statement : tables.statements) run(postgres_definition(statement));
}

}  // namespace cartpilot::store
