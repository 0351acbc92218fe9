// PostgresServer: a PostgreSQL server for tests, in a private folder and on a Unix socket only.
//
// All test programs of one user share it. The first one that needs it starts it; a while after the
// last one has ended it stops and removes its files. Each program has a database of its own in it.
// PostgreSQL does not run as root: then it runs as the user "postgres".
#pragma once

#include <memory>
#include <string>

#include "store/postgres_database.h"

namespace cartpilot::store {

class PostgresServer {
 public:
  /// False when PostgreSQL is not installed.
  static bool installed();
  /// Starts it, or joins. Throws std::runtime_error with the end of its log.
  static PostgresServer& get();

  /// The folder of its socket.
  const std::string& folder() const { return folder_; }
  /// A database of this program, made when it is first asked for.
  std::string url();
  /// A new database, empty.
  std::string make_database();
  /// Runs SQL as the superuser in the database of `url`, outside of everything under test. Returns
  /// the first column of the first row, "" when there is none.
  static std::string sql(const std::string& url, const std::string& statements);

 private:
  PostgresServer();

  std::string folder_;
  std::string url_;
};

}  // namespace cartpilot::store
