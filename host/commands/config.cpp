// cartpilot config list|get|set|path|explain: the settings file, and what is in force and why.
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/private_files.h"
#include "cartpilot/error.h"
#include "cartpilot/json.h"
#include "cli/exit_code.h"
#include "cli/owner_only.h"
#include "cli/purchase_rules.h"
#include "cli/settings.h"
#include "cli/settings_edit.h"
#include "commands/commands.h"
#include "terminal/output.h"

namespace cartpilot::host {
namespace {

namespace fs = std::filesystem;

std::string shown(const SettingValue& value) {
  return fmt::format("{}", fmt::join(value.texts, ", "));
}

// A new file beside the old one, then one rename: a reader sees the old text or the new.
void replace_file(const fs::path& file, const std::string& text) {
  std::error_code failed;
  const fs::path target = fs::exists(file, failed) ? fs::canonical(file, failed) : file;
  struct stat status {};
  const mode_t mode = ::stat(target.c_str(), &status) == 0 ? status.st_mode & 07777 : 0600;
  if (target.has_parent_path()) base::make_private_folder(target.parent_path());
  fs::path fresh = target;
  fresh += fmt::format(".new-{}", ::getpid());
  const int descriptor = base::open_private_file(fresh, O_WRONLY | O_CREAT | O_EXCL);
  std::size_t written = 0;
  bool good = descriptor >= 0;
  while (good && written < text.size()) {
    const ssize_t count = ::write(descriptor, text.data() + written, text.size() - written);
    good = count > 0;
    if (good) written += static_cast<std::size_t>(count);
  }
  good = good && ::fchmod(descriptor, mode) == 0 && ::fsync(descriptor) == 0;
  good = good && ::rename(fresh.c_str(), target.c_str()) == 0;
  const int reason = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (good) return;
  ::unlink(fresh.c_str());
  throw Error(ErrorCode::kUnavailable,
              fmt::format("{}: cannot be written ({}); the settings are as before", target.string(),
                          std::strerror(reason)));
}

int list(const Arguments& arguments) {
  const SettingsFile file = read_settings_file(arguments, process_environment());
  if (arguments.json) {
    Json all = Json::object();
    for (const auto& [name, value] : file.values) all[name] = shown(value);
    out_line(dump_json(all));
    return kOk;
  }
  for (const auto& [name, value] : file.values) {
    out_line(fmt::format("{} = {}", name, shown(value)));
  }
  if (file.values.empty()) err_line("cartpilot: no settings in " + file.path.string());
  return kOk;
}

int get(const Arguments& arguments) {
  if (find_setting_kind(arguments.name) == nullptr) {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("unknown setting '{}'{}", arguments.name,
                                                         near_setting(arguments.name)));
  }
  const SettingsFile file = read_settings_file(arguments, process_environment());
  const auto found = file.values.find(arguments.name);
  if (found == file.values.end()) {
    err_line(fmt::format("cartpilot: {} is not set in {}", arguments.name, file.path.string()));
    return kFailed;
  }
  for (const std::string& text : found->second.texts) out_line(text);
  return kOk;
}

int set(const Arguments& arguments) {
  if (arguments.name == "database") store::PostgresAddress::parse(arguments.setting_value);
  const fs::path path = settings_path(arguments, process_environment());
  std::error_code failed;
  const std::string text = fs::exists(path, failed) ? read_settings_text(path) : "";
  std::string name = arguments.name;
  if (!arguments.profile.empty()) name = fmt::format("profiles.{}.{}", arguments.profile, name);
  replace_file(path, with_setting(text, path.string(), name, arguments.setting_value));
  return kOk;
}

struct Explained {
  std::string name;
  std::string value;
  std::string source;
};

std::vector<Explained> explained(const Arguments& arguments) {
  const auto environment = process_environment();
  const SettingsFile file = read_settings_file(arguments, environment);
  const auto from_file = [&](const SettingValue& value) {
    return fmt::format("{}, line {}{}", file.path.string(), value.line,
                       value.profile.empty() ? "" : ", profile " + value.profile);
  };
  std::vector<Explained> rows;
  const auto add = [&](const std::string& name, const char* variable,
                       const std::string& otherwise) {
    const auto found = file.values.find(name);
    const auto set = environment.find(variable);
    if (set != environment.end() && !set->second.empty()) {
      rows.push_back({name, set->second, fmt::format("environment variable {}", variable)});
    } else if (found != file.values.end()) {
      rows.push_back({name, shown(found->second), from_file(found->second)});
    } else {
      rows.push_back({name, otherwise, "default"});
    }
  };
  add("provider", "CARTPILOT_PROVIDER", "none");
  add("model", "", "the provider's");
  add("api_url", "CARTPILOT_API_URL", Settings().api_url);
  add("database", "CARTPILOT_DATABASE", "none: a file in the state folder");
  // A URL that is refused may hold a password.
  if (rows.back().source != "default") {
    rows.back().value = store::PostgresAddress::parse(rows.back().value).text;
  }
  add("person", "CARTPILOT_PERSON", "the login name");
  const std::string objection = why_not_owner_only(file.path);
  for (const auto& entry : file.values) {
    const std::string& name = entry.first;
    const SettingValue& value = entry.second;
    const bool said = std::any_of(rows.begin(), rows.end(),
                                  [&](const Explained& row) { return row.name == name; });
    if (said) continue;
    const bool refused = name.starts_with("purchases.") && !objection.empty();
    rows.push_back(
        {name, shown(value), from_file(value) + (refused ? "; REFUSED: " + objection : "")});
  }
  for (const purchase::Rule& rule : parse_rules(file.text, file.path.string())) {
    rows.push_back({"purchases.rules." + rule.name, purchase::described(rule),
                    fmt::format("{}, line {}{}", file.path.string(), rule.line,
                                objection.empty() ? "" : "; REFUSED: " + objection)});
  }
  if (file.values.find("purchases.approve") == file.values.end()) {
    rows.push_back({"purchases.approve", "ask on a terminal, else never", "default"});
  }
  return rows;
}

int explain(const Arguments& arguments) {
  Json all = Json::array();
  for (const Explained& row : explained(arguments)) {
    if (arguments.json) {
      all.push_back({{"name", row.name}, {"value", row.value}, {"source", row.source}});
    } else {
      out_line(fmt::format("{} = {} ({})", row.name, row.value, row.source));
    }
  }
  if (arguments.json) out_line(dump_json(all));
  return kOk;
}

}  // namespace

int run_config(const Arguments& arguments) {
  const std::string action = arguments.command.substr(std::strlen("config "));
  if (action == "list") return list(arguments);
  if (action == "get") return get(arguments);
  if (action == "set") return set(arguments);
  if (action == "explain") return explain(arguments);
  out_line(settings_path(arguments, process_environment()).string());
  return kOk;
}

}  // namespace cartpilot::host
