// Settings: what the program works with, from config file, then environment, then flags (later
// wins).
//
// Values, read once per command. Registers every secret with the redaction funnel. Permission to
// buy is not among them (file_permission.h).
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "cli/settings_file.h"
#include "cost/limit.h"
#include "cost/price_table.h"
#include "mcp/client/server_tools.h"
#include "plugin/host/plugins.h"
#include "store/postgres_address.h"

namespace cartpilot::host {

struct Settings {
  std::map<std::string, std::string> environment;
  /// Those that hold keys: what plugins and the settings file declare.
  std::set<std::string> secret_variables;
  std::string provider;  ///< "" = none named anywhere
  std::string model;
  std::string api_url = "http://localhost:8000";
  std::string api_key;
  std::filesystem::path state_directory;
  /// Of the state, when it is not in that folder, and whose state it is then.
  std::optional<store::PostgresAddress> database;
  std::string person;
  std::filesystem::path config_file;
  plugin::SearchOptions plugins;
  std::vector<mcp::ServerSettings> servers;  ///< [mcp_servers.NAME]
  cost::PriceTable prices;                   ///< those of the program, then [prices]
  std::vector<cost::SpendLimit> cost_limits;
  std::optional<std::int64_t> max_output_tokens;
};

struct SettingsFile {
  std::filesystem::path path;
  SettingValues values;  ///< none when the file is not there
  std::string text;      ///< whole, for what is read apart (purchase_rules.h)
};

/// --config, else config.toml in the config folder.
std::filesystem::path settings_path(const Arguments& arguments,
                                    const std::map<std::string, std::string>& environment);

/// Throws Error{kInvalidArgument} for a file that cannot be read, holds what is no setting, or is
/// named by --config and not there; and for a config.ini of an earlier version without a
/// config.toml.
SettingsFile read_settings_file(const Arguments& arguments,
                                const std::map<std::string, std::string>& environment);

/// Throws what read_settings_file() throws.
Settings read_settings(const Arguments& arguments);

/// All environment variables of this process.
std::map<std::string, std::string> process_environment();

}  // namespace cartpilot::host
