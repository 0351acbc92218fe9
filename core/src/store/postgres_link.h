// PostgresLink: one open connection to a PostgreSQL server.
//
// It is never opened a second time behind one's back: libpqxx 6 does that for a connection that
// broke, and what follows would run outside the transaction that was lost. One thread at a time.
#pragma once

#include <memory>
#include <pqxx/connection>
#include <pqxx/errorhandler>
#include <string>

#include "store/postgres_address.h"

namespace cartpilot::store {

class PostgresLink {
 public:
  /// Throws Error{kUnavailable, reason "connection"}.
  explicit PostgresLink(const PostgresAddress& address);

  pqxx::connection& connection() { return *connection_; }
  bool broken() const { return !connection_->is_open(); }
  /// When the server was started: two links with the same text lead to the same run of it.
  const std::string& server_run() const { return server_run_; }

 private:
  std::unique_ptr<pqxx::connection> connection_;
  /// The server's notices are no lines of this program; its errors are exceptions.
  std::unique_ptr<pqxx::quiet_errorhandler> quiet_;
  std::string server_run_;
};

}  // namespace cartpilot::store
