// StatePlace: where conversations and purchases are kept, from flag, environment or settings file.
//
// Free functions over what the person wrote; nothing is opened except by open_present_state().
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cli/settings.h"
#include "store/postgres_address.h"
#include "store/state_db.h"

namespace cartpilot::host {

struct StatePlace {
  std::optional<store::PostgresAddress> database;  ///< none: a file in the state folder
  std::string person;                              ///< whose state it is in a database
};

/// Throws Error{kInvalidArgument} for a URL that cannot be used and for --person without one.
StatePlace state_place(const Arguments& arguments, const SettingsFile& file,
                       const std::map<std::string, std::string>& environment);

/// The state, before settings are read (which registers secrets and reduces the environment);
/// nullptr when it is a file that does not exist yet.
std::unique_ptr<store::StateDb> open_present_state(const Arguments& arguments);

/// Whether open_present_state() would open anything, as far as can be told without opening it.
bool has_present_state(const Arguments& arguments);

}  // namespace cartpilot::host
