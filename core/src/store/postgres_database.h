// PostgresDatabase: what the states of all people in one PostgreSQL database have in common.
//
// Each person has a schema of their own, so that nothing of one person can be seen, counted or
// locked by another. The schema "cartpilot" says who they are. Schemas and tables are made when
// they are first needed, by whichever process comes first. One for each process and database; any
// thread may call.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "store/postgres_address.h"
#include "store/postgres_instance.h"
#include "store/postgres_pool.h"

namespace cartpilot::store {

/// One person's part of a database.
struct PostgresSchema {
  std::string person;  ///< "" = the shared part
  std::string name;
  std::int64_t lock_key = 0;  ///< of the advisory lock that makes its transactions the only writer
};

class PostgresDatabase {
 public:
  /// What is noted in cartpilot.format. A program refuses databases with a higher one.
  static constexpr int kFormat = 1;
  static constexpr const char* kSharedSchema = "cartpilot";

  /// Connects when it is first used. `notes`: a folder for notes beside the states, made when it is
  /// missing; "" = there is none.
  explicit PostgresDatabase(PostgresAddress address, std::filesystem::path notes = {},
                            std::size_t connections = PostgresPool::kDefaultSize);

  PostgresPool& pool() { return pool_; }
  PostgresInstance& instance() { return instance_; }
  const PostgresAddress& address() const { return pool_.address(); }
  const std::filesystem::path& notes() const { return notes_; }

  /// The person's schema, made when it is missing. Throws Error{kInvalidArgument} for a name that
  /// is empty, longer than 200 bytes or no UTF-8, and Error{kUnavailable}.
  PostgresSchema schema_of(const std::string& person);
  /// The part that belongs to nobody in particular.
  PostgresSchema shared_schema();

  /// Everybody who has a state here.
  std::vector<std::string> people();

  /// Whether this process knows that a schema has these tables.
  bool has_tables(const std::string& schema, const std::string& module, int version) const;
  void remember_tables(const std::string& schema, const std::string& module, int version);

  /// The name of a person's schema: "cartpilot_ada", or a digest where the name is not that plain.
  static std::string schema_name(const std::string& person);

 private:
  void require_format();
  void make_format();
  void make_schema(const std::string& person, const std::string& schema);

  const std::filesystem::path notes_;
  PostgresPool pool_;
  PostgresInstance instance_;  ///< ends before the pool
  mutable std::mutex mutex_;
  bool format_known_ = false;
  std::set<std::string> people_known_;
  std::set<std::string> tables_known_;
};

}  // namespace cartpilot::store
