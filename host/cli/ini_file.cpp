#include "cli/ini_file.h"

#include <Poco/AutoPtr.h>
#include <Poco/Exception.h>
#include <Poco/Util/IniFileConfiguration.h>
#include <fmt/format.h>

#include "cartpilot/error.h"

namespace cartpilot::host {
namespace {

using Poco::Util::IniFileConfiguration;

void collect(const IniFileConfiguration& ini, const std::string& below,
             std::map<std::string, std::string>& values) {
  Poco::Util::AbstractConfiguration::Keys keys;
  ini.keys(below, keys);
  for (const std::string& key : keys) {
    const std::string name = below.empty() ? key : below + "." + key;
    if (ini.hasProperty(name)) values[name] = ini.getString(name);
    collect(ini, name, values);
  }
}

[[noreturn]] void unreadable(const std::filesystem::path& file, const std::string& problem) {
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("{}: cannot be read ({}); fix it or pass another with --config",
                          file.string(), problem));
}

}  // namespace

std::map<std::string, std::string> read_ini(const std::filesystem::path& file) {
  // Poco reads a folder for ever.
  std::error_code failed;
  if (std::filesystem::is_directory(file, failed)) unreadable(file, "it is a folder");
  try {
    std::map<std::string, std::string> values;
    const Poco::AutoPtr<IniFileConfiguration> ini(new IniFileConfiguration(file.string()));
    collect(*ini, "", values);
    return values;
  } catch (const Poco::Exception& error) {
    unreadable(file, error.displayText());
  }
}

}  // namespace cartpilot::host
