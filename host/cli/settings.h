// Settings: what the program works with, from config file, then environment, then flags (later
// wins).
//
// Values, read once per command. Registers every secret with the redaction funnel. Permission to
// buy without asking is taken from the command line only, never from file or environment.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "plugin/host/plugins.h"

namespace cartpilot::host {

struct Settings {
  std::map<std::string, std::string> environment;
  std::string provider;  ///< "" = none named anywhere
  std::string model;
  std::string api_url = "http://localhost:8000";
  std::string api_key;
  std::filesystem::path state_directory;
  std::filesystem::path config_file;
  plugin::SearchOptions plugins;
};

/// Throws Error{kInvalidArgument} for a config file that cannot be read or holds unknown keys.
Settings read_settings(const Arguments& arguments);

/// All environment variables of this process.
std::map<std::string, std::string> process_environment();

}  // namespace cartpilot::host
