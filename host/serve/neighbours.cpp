#include "serve/neighbours.h"

#include <utility>

#include "base/random.h"
#include "cartpilot/error.h"
#include "text/redaction.h"

namespace cartpilot::host {
namespace {

constexpr std::size_t kTokenBytes = 32;

constexpr const char* kTables[] = {
    "CREATE TABLE IF NOT EXISTS serve_secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT "
    "ROWID",
};
constexpr store::TableSet kTableSet{"serve_secrets", 1, kTables};

/// Made by whichever process comes first.
std::string relay_token(store::StateDb& shared) {
  shared.create_tables(kTableSet);
  std::string token;
  shared.durable([&] {
    const auto insert = shared.prepared(
        "INSERT INTO serve_secrets VALUES ('relay', ?) ON CONFLICT (name) DO NOTHING");
    insert->bind(1, base::random_hex(kTokenBytes));
    insert->exec();
    const auto select = shared.prepared("SELECT value FROM serve_secrets WHERE name = 'relay'");
    if (select->step()) token = select->text(0);
  });
  text::add_secret(token);
  return token;
}

}  // namespace

std::unique_ptr<Neighbours> Neighbours::of(app::AppServices& services, const std::string& address) {
  auto database = services.database();
  if (!database) return nullptr;
  const auto shared = services.open_shared_state();
  std::string token = relay_token(*shared);
  database->instance().set_address(address);
  return std::unique_ptr<Neighbours>(new Neighbours(std::move(database), std::move(token)));
}

Neighbours::Neighbours(std::shared_ptr<store::PostgresDatabase> database, std::string relay_token)
    : database_(std::move(database)), relay_(std::move(relay_token)) {}

People::OtherOwner Neighbours::other_owner() const {
  return [database = database_](const std::string& person, const std::string& conversation) {
    return database->instance().address_of_holder(person, conversation);
  };
}

std::unique_ptr<store::PostgresListener> Neighbours::watch(People& people) {
  return std::make_unique<store::PostgresListener>(database_->address(), [this, &people] {
    try {
      for (const auto& held : database_->instance().held_by_others()) {
        people.moved_away(held.person, held.session);
      }
    } catch (const std::exception&) {  // NOLINT: it looks again in a second
    }
  });
}

}  // namespace cartpilot::host
