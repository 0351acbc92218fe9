#include "app/server_pins.h"

namespace cartpilot::app {

namespace {

constexpr const char* kPinTables[] = {
    "CREATE TABLE IF NOT EXISTS mcp_pins (server TEXT NOT NULL, tool TEXT NOT NULL, digest "
    "TEXT NOT NULL, PRIMARY KEY (server, tool)) WITHOUT ROWID",
};
constexpr store::TableSet kPinTableSet{"mcp_pins", 1, kPinTables};

}  // namespace

ServerPins::ServerPins(store::StateDb& db) : db_(db) { db_.create_tables(kPinTableSet); }

std::map<std::string, std::string> ServerPins::of(const std::string& server) {
  std::map<std::string, std::string> digests;
  db_.checked([&] {
    const auto select = db_.prepared("SELECT tool, digest FROM mcp_pins WHERE server = ?");
    select->bind(1, server);
    while (select->step()) {
      digests[select->text(0)] = select->text(1);
    }
  });
  return digests;
}

void ServerPins::agree(const std::string& server,
                       const std::map<std::string, std::string>& digests) {
  db_.durable([&] {
    for (const auto& [tool, digest] : digests) {
      const auto insert = db_.prepared(
          "INSERT INTO mcp_pins VALUES (?, ?, ?) ON CONFLICT (server, tool) DO UPDATE SET digest = "
          "excluded.digest");
      insert->bind(1, server);
      insert->bind(2, tool);
      insert->bind(3, digest);
      insert->exec();
    }
  });
}

void ServerPins::forget(const std::string& server, const std::vector<std::string>& tools) {
  db_.durable([&] {
    for (const std::string& tool : tools) {
      const auto remove = db_.prepared("DELETE FROM mcp_pins WHERE server = ? AND tool = ?");
      remove->bind(1, server);
      remove->bind(2, tool);
      remove->exec();
    }
  });
}

}  // namespace cartpilot::app
