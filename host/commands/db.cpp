// `cartpilot db`: the tables of the state, and the records of purchases in it.
#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <memory>

#include "app/server_pins.h"
#include "cli/exit_code.h"
#include "commands/commands.h"
#include "cost/ledger.h"
#include "page/pairings.h"
#include "purchase/handovers.h"
#include "purchase/questions.h"
#include "terminal/output.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

/// Each module makes its own.
void make_tables(store::StateDb& db) {
  const store::SessionStore sessions(db);
  const purchase::PurchaseJournal journal(db);
  const purchase::ConfirmHandovers handovers(db, journal);
  const purchase::Questions questions(db);
  const cost::Ledger ledger(db);
  const app::ServerPins pins(db);
  const Pairings pairings(db);
}

/// One state of the database or of the state folder.
struct Place {
  std::string name;
  std::function<std::unique_ptr<store::StateDb>()> open;
};

/// Everybody's.
std::vector<Place> places_of(CommandServices& services) {
  std::vector<Place> places;
  if (const auto database = services.app().database()) {
    for (const std::string& person : database->people()) {
      places.push_back({person, [&services, person] { return services.app().open_state(person); }});
    }
    return places;
  }
  places.push_back({"", [&services] { return services.app().open_state(); }});
  std::error_code none;  // nobody but the person of this machine
  const std::filesystem::path folder = services.settings().state_directory / "people";
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    const std::filesystem::path file = entry.path() / store::StateDb::kFile;
    places.push_back({file.string(), [file] { return std::make_unique<store::StateDb>(file); }});
  }
  return places;
}

/// What is wrong with one record, "" = nothing.
std::string problem_of(Place& place) {
  try {
    const auto db = place.open();
    place.name = db->name();
    return purchase::PurchaseJournal(*db).integrity_problem().value_or("");
  } catch (const Error& error) {
    if (error.reason == "connection") throw;  // nobody else's could be looked at either
    return error.what();
  }
}

}  // namespace

int run_db_migrate(CommandServices& services) {
  const std::vector<Place> places = places_of(services);
  for (const Place& place : places) make_tables(*place.open());
  const auto database = services.app().database();
  const std::string where =
      database ? database->address().text : services.settings().state_directory.string();
  if (services.arguments().json) {
    out_json({{"place", where}, {"states", places.size()}});
  } else {
    out_line(fmt::format("{} is up to date ({} {})", where, places.size(),
                         places.size() == 1 ? "person" : "people"));
  }
  return kOk;
}

int run_db_check(CommandServices& services) {
  int code = kOk;
  Json list = Json::array();
  for (Place& place : places_of(services)) {
    const std::string problem = problem_of(place);
    if (!problem.empty()) code = kFailed;
    if (services.arguments().json) {
      list.push_back({{"state", place.name}, {"intact", problem.empty()}, {"problem", problem}});
    } else if (problem.empty()) {
      out_row(fmt::format("{}: the record of purchases is intact", text::field(place.name)));
    } else {
      err_line(fmt::format("cartpilot: {}: {}", text::field(place.name), problem));
    }
  }
  if (services.arguments().json) out_json(list);
  return code;
}

}  // namespace cartpilot::host
