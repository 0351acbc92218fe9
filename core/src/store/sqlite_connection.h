// SqliteConnection: the state in one SQLite file. See Connection and StateDb.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "store/announcements.h"
#include "store/connection.h"
#include "store/process_owner.h"

namespace SQLite {
class Database;
}  // namespace SQLite

namespace cartpilot::store {

class SqliteConnection final : public Connection {
 public:
  /// Opens or creates. Throws Error{kUnavailable}.
  explicit SqliteConnection(const std::filesystem::path& path);
  ~SqliteConnection() override;

  void enclosed(Scope scope, const std::function<void()>& work) override;
  void contained(const std::function<void()>& work) override { checked(work); }
  void run(const std::string& statements) override;
  /// Statements are prepared once and kept for the next time.
  std::unique_ptr<Statement> prepared(const std::string& query) override;
  void give_back(std::unique_ptr<Statement> statement) override;

  void release_memory() noexcept override;

  void create_tables(const TableSet& tables) override;
  void make_missing(const TableSet& tables) override;

  void announce() noexcept override { announce_here(); }
  std::string owner() override { return process_owner(); }
  bool owner_is_alive(const std::string& owner) override { return process_is_alive(owner); }
  void act_for(const SessionLock&) override {}
  void require_lease(const std::string&) override {}

  std::string name() const override { return path_.string(); }
  std::string restore_advice() const override;
  const std::filesystem::path& note_place() const override { return path_; }

 private:
  void checked(const std::function<void()>& work) const;
  void transaction(bool writes, const std::function<void()>& work);
  void durable(const std::function<void()>& work);
  void open();
  void check_version();
  void migrate_from_1();
  bool has_all(const TableSet& tables);
  std::int64_t number(const std::string& query);

  std::filesystem::path path_;
  std::unique_ptr<SQLite::Database> database_;
  std::map<std::string, std::unique_ptr<Statement>> idle_;  ///< by text; ends before the database
};

}  // namespace cartpilot::store
