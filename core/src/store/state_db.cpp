#include "store/state_db.h"

#include <cstdlib>
#include <utility>

#include "cartpilot/error.h"
#include "store/postgres_connection.h"
#include "store/sqlite_connection.h"

namespace cartpilot::store {

StateDb::StateDb(const std::filesystem::path& path)
    : connection_(std::make_unique<SqliteConnection>(path)) {}

StateDb::StateDb(std::shared_ptr<PostgresDatabase> database, const std::string& person) {
  PostgresSchema schema = database->schema_of(person);
  connection_ = std::make_unique<PostgresConnection>(std::move(database), std::move(schema));
}

StateDb::StateDb(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

std::unique_ptr<StateDb> StateDb::shared(std::shared_ptr<PostgresDatabase> database) {
  PostgresSchema schema = database->shared_schema();
  return std::unique_ptr<StateDb>(
      new StateDb(std::make_unique<PostgresConnection>(std::move(database), std::move(schema))));
}

StateDb::~StateDb() = default;

std::filesystem::path StateDb::default_path() {
  const auto absolute = [](const char* name) -> std::filesystem::path {
    const char* value = std::getenv(name);
    // A relative value would make the state depend on the current folder; the XDG rules say to
    // ignore it.
    return value != nullptr && value[0] == '/' ? value : "";
  };
  if (const auto state = absolute("XDG_STATE_HOME"); !state.empty()) {
    return state / "cartpilot" / kFile;
  }
  if (const auto home = absolute("HOME"); !home.empty()) {
    return home / ".local" / "state" / "cartpilot" / kFile;
  }
  throw Error(ErrorCode::kUnavailable,
              "no place for the state database: set HOME or XDG_STATE_HOME to an absolute path");
}

}  // namespace cartpilot::store
