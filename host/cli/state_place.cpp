#include "cli/state_place.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include "cartpilot/error.h"
#include "store/postgres_database.h"

namespace cartpilot::host {
namespace {

/// As the system knows who runs the program.
std::string login_name() {
  constexpr std::size_t kBuffer = 4096;
  std::vector<char> buffer(kBuffer);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr) {
    return found->pw_name;
  }
  return fmt::format("user-{}", ::geteuid());
}

StatePlace place_of(const Arguments& arguments) {
  const auto environment = process_environment();
  return state_place(arguments, read_settings_file(arguments, environment), environment);
}

}  // namespace

StatePlace state_place(const Arguments& arguments, const SettingsFile& file,
                       const std::map<std::string, std::string>& environment) {
  const auto chosen = [&](const std::string& flag, const char* variable, const char* setting) {
    if (!flag.empty()) return flag;
    const auto set = environment.find(variable);
    if (set != environment.end() && !set->second.empty()) return set->second;
    const auto found = file.values.find(setting);
    return found == file.values.end() ? std::string() : found->second.text();
  };
  StatePlace place;
  const std::string url = chosen(arguments.state_database, "CARTPILOT_DATABASE", "database");
  if (url.empty()) {
    // Of those whom a proxy named to 'serve'.
    place.person = arguments.person;
    return place;
  }
  place.database = store::PostgresAddress::parse(url, environment);
  place.person = chosen(arguments.person, "CARTPILOT_PERSON", "person");
  if (place.person.empty()) place.person = login_name();
  return place;
}

bool has_present_state(const Arguments& arguments) {
  std::error_code ignored;
  return place_of(arguments).database.has_value() ||
         std::filesystem::exists(store::StateDb::default_path(), ignored);
}

std::unique_ptr<store::StateDb> open_present_state(const Arguments& arguments) {
  const StatePlace place = place_of(arguments);
  if (place.database) {
    return std::make_unique<store::StateDb>(
        std::make_shared<store::PostgresDatabase>(*place.database), place.person);
  }
  if (!has_present_state(arguments)) return nullptr;
  return std::make_unique<store::StateDb>(store::StateDb::default_path());
}

}  // namespace cartpilot::host
