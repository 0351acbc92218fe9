// Connection: what a database has to do to hold the state. StateDb stands before it.
//
// Owned by one StateDb and used by its thread. Exceptions of the database's own library leave run()
// and statements and become Error in enclosed(); see StateDb for what each function promises.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "store/statement.h"
#include "store/table_set.h"

namespace cartpilot::store {

class SessionLock;

class Connection {
 public:
  enum class Scope {
    kPlain,        ///< reads and single statements
    kSnapshot,     ///< reads of one moment
    kTransaction,  ///< survives a killed process
    kDurable       ///< survives a power cut
  };

  Connection() = default;
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  virtual void enclosed(Scope scope, const std::function<void()>& work) = 0;
  virtual void contained(const std::function<void()>& work) = 0;
  virtual void run(const std::string& statements) = 0;
  virtual std::unique_ptr<Statement> prepared(const std::string& query) = 0;
  /// Takes a statement that is used no more.
  virtual void give_back(std::unique_ptr<Statement> statement) = 0;

  virtual void release_memory() noexcept = 0;

  virtual void create_tables(const TableSet& tables) = 0;
  virtual void make_missing(const TableSet& tables) = 0;

  virtual void announce() noexcept = 0;

  virtual std::string owner() = 0;
  virtual bool owner_is_alive(const std::string& owner) = 0;
  virtual void act_for(const SessionLock& lock) = 0;
  virtual void require_lease(const std::string& session) = 0;

  virtual std::string name() const = 0;
  virtual std::string restore_advice() const = 0;
  virtual const std::filesystem::path& note_place() const = 0;
};

}  // namespace cartpilot::store
