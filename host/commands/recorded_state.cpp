#include "commands/recorded_state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "cartpilot/error.h"
#include "cli/state_place.h"
#include "cost/ledger.h"
#include "purchase/journal.h"
#include "store/sessions.h"
#include "store/state_db.h"

namespace cartpilot::host {

namespace {

constexpr std::int64_t kDayMs = 24 * 3600 * 1000;

struct Table {
  const char* name;
  const char* of_session;  ///< restricts it to one conversation; "" = all of it
};

constexpr std::array kConversation = {Table{"sessions", " WHERE id = ?"},
                                      Table{"messages", " WHERE session = ?"},
                                      Table{"model_requests", " WHERE session = ?"}};
constexpr std::array kPurchases = {Table{"purchases", ""}, Table{"purchase_events", ""},
                                   Table{"purchase_checkouts", ""}};

Json column_value(const store::Statement& row, int column) {
  switch (row.kind(column)) {
    case store::Statement::Kind::kInteger: return row.integer(column);
    case store::Statement::Kind::kReal: return row.real(column);
    case store::Statement::Kind::kText: return row.text(column);
    case store::Statement::Kind::kNull: break;
  }
  return nullptr;
}

/// All rows, each as {"column": value}.
Json rows_of(store::StateDb& db, const Table& table, const std::string& session) {
  Json rows = Json::array();
  const auto select = db.prepared(fmt::format("SELECT * FROM {}{}", table.name, table.of_session));
  if (*table.of_session != '\0') select->bind(1, session);
  while (select->step()) {
    Json row = Json::object();
    for (int i = 0; i < select->column_count(); ++i) {
      row[select->column_name(i)] = column_value(*select, i);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string earlier_session(const store::SessionStore& sessions, const Arguments& arguments) {
  if (!arguments.resume.empty()) return sessions.resolve(arguments.resume);
  if (!arguments.session.empty()) return arguments.session;
  if (!arguments.continue_last) return "";
  const auto list = sessions.list();
  return list.empty() ? "" : list.front().id;
}

bool purchases_matter(store::StateDb& db, const std::string& session) {
  const auto select = db.prepared(
      "SELECT COUNT(*) FROM purchases WHERE updated_ms > ? OR session = ? OR state NOT IN "
      "('done', 'void')");
  select->bind(1, base::unix_ms_now() - kDayMs);
  select->bind(2, session);
  return select->step() && select->integer(0) > 0;
}

void insert(store::StateDb& db, const char* table, const Json& row) {
  std::vector<std::string> names;
  for (const auto& [name, value] : row.items()) {
    const bool plain = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos;
    if (!plain || name.empty()) {
      throw Error(ErrorCode::kInvalidArgument, "the recorded state has a column of no such name");
    }
    names.push_back(name);
  }
  const std::vector<std::string> marks(names.size(), "?");
  const auto statement = db.prepared(fmt::format("INSERT INTO {} ({}) VALUES ({})", table,
                                                 fmt::join(names, ", "), fmt::join(marks, ", ")));
  int place = 0;
  for (const auto& [name, value] : row.items()) {
    ++place;
    if (value.is_string()) {
      statement->bind(place, value.get<std::string>());
    } else if (value.is_number_float()) {
      statement->bind_real(place, value.get<double>());
    } else if (value.is_number()) {
      statement->bind(place, value.get<std::int64_t>());
    } else {
      statement->bind_null(place);
    }
  }
  statement->exec();
}

}  // namespace

Json state_to_json(const Arguments& arguments) {
  Json state = Json::object();
  try {
    const auto present = open_present_state(arguments);
    if (!present) return state;
    store::StateDb& db = *present;
    const store::SessionStore sessions(db);
    const purchase::PurchaseJournal journal(db);
    const cost::Ledger ledger(db);
    db.snapshot([&] {
      const std::string session = earlier_session(sessions, arguments);
      if (!session.empty()) {
        for (const Table& table : kConversation) state[table.name] = rows_of(db, table, session);
      }
      if (!purchases_matter(db, session)) return;
      for (const Table& table : kPurchases) state[table.name] = rows_of(db, table, session);
    });
  } catch (const Error&) {
    return Json::object();  // the conversation will say what is wrong with it
  }
  return state;
}

void state_from_json(const Json& state, const std::filesystem::path& folder) {
  if (state.empty()) return;
  std::filesystem::create_directories(folder);
  store::StateDb db(folder / store::StateDb::kFile);
  const store::SessionStore sessions(db);
  const purchase::PurchaseJournal journal(db);
  const cost::Ledger ledger(db);
  db.transaction([&] {
    for (const auto& tables : {std::vector<Table>(kConversation.begin(), kConversation.end()),
                               std::vector<Table>(kPurchases.begin(), kPurchases.end())}) {
      for (const Table& table : tables) {
        const auto rows = state.find(table.name);
        if (rows == state.end()) continue;
        for (const Json& row : *rows) insert(db, table.name, row);
      }
    }
  });
}

}  // namespace cartpilot::host
