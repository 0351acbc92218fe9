// PostgresConnection: the state of one person in a PostgreSQL database. See Connection and StateDb.
//
// Every block of work is one transaction on a connection from the pool, so that what is set for it
// (schema, time limits) ends with it, and so that many conversations share few connections. A
// transaction that writes first takes the person's advisory lock: then each of its statements sees
// the latest state and nobody else writes, as with SQLite's BEGIN IMMEDIATE.
#pragma once

#include <memory>
#include <optional>
#include <pqxx/result>
#include <string>
#include <vector>

#include "store/connection.h"
#include "store/postgres_database.h"
#include "store/postgres_pool.h"

namespace pqxx {
class dbtransaction;
class transaction_base;
}  // namespace pqxx

namespace cartpilot::store {

class PostgresConnection final : public Connection {
 public:
  PostgresConnection(std::shared_ptr<PostgresDatabase> database, PostgresSchema schema);
  ~PostgresConnection() override;

  void enclosed(Scope scope, const std::function<void()>& work) override;
  void contained(const std::function<void()>& work) override;
  void run(const std::string& statements) override;
  std::unique_ptr<Statement> prepared(const std::string& query) override;
  void give_back(std::unique_ptr<Statement> statement) override { statement.reset(); }

  void create_tables(const TableSet& tables) override;
  void make_missing(const TableSet& tables) override;

  void release_memory() noexcept override {}
  void announce() noexcept override { database_->instance().announce(); }
  std::string owner() override { return database_->instance().id(); }
  bool owner_is_alive(const std::string& owner) override;
  void act_for(const SessionLock& lock) override;
  void require_lease(const std::string& session) override;

  std::string name() const override { return name_; }
  std::string restore_advice() const override;
  const std::filesystem::path& note_place() const override { return note_place_; }

  /// Runs a statement in PostgreSQL's words. Outside of a block it is one of its own.
  pqxx::result execute(const std::string& query,
                       const std::vector<std::optional<std::string>>& values);

 private:
  /// A transaction that runs.
  struct Block {
    Scope scope = Scope::kPlain;
    PostgresPool::Taken link{nullptr, {nullptr}};
    std::unique_ptr<pqxx::dbtransaction> transaction;  ///< ends before the link is given back
    pqxx::transaction_base* in_use = nullptr;          ///< it, or a part of it, see contained()
    std::string transaction_id;                        ///< "" = it wrote nothing
    bool failed = false;                               ///< the server takes nothing more in it
    bool wrote = false;
    bool repeated = false;
    int statements = 0;
  };

  /// What became of a transaction whose end nobody saw.
  enum class Fate { kCommitted, kAborted, kUnknown };

  bool lost() const;
  Block opened(Scope scope, bool fresh) const;
  void start(Block& block) const;
  std::string opening(Scope scope) const;
  void finish();
  Fate fate_of(const std::string& transaction_id, const std::string& server_run) const;
  bool may_repeat(bool reads) const;
  [[noreturn]] void fail(const std::exception& error);
  pqxx::result attempt(bool reads, const std::function<pqxx::result()>& statement);

  const std::shared_ptr<PostgresDatabase> database_;
  const PostgresSchema schema_;
  const std::string name_;
  std::filesystem::path note_place_;
  std::optional<Block> block_;
  std::optional<std::string> session_;  ///< see act_for()
  std::int64_t epoch_ = 0;              ///< of its lease
};

}  // namespace cartpilot::store
