// The program part cartpilot-config.so: reads settings files with Poco Util, which few runs need
// and which brings an XML and a JSON library along.
#include <Poco/AutoPtr.h>
#include <Poco/Exception.h>
#include <Poco/Util/IniFileConfiguration.h>

#include <map>
#include <string>

#include "parts/program_part.h"

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

}  // namespace

CARTPILOT_PROGRAM_PART

/// Reads `file` into `values` as "section.key"; returns what went wrong, "" for nothing.
extern "C" __attribute__((visibility("default"))) void cartpilot_part_read_ini(
    const std::string& file, std::map<std::string, std::string>& values, std::string& problem) {
  try {
    const Poco::AutoPtr<IniFileConfiguration> ini(new IniFileConfiguration(file));
    collect(*ini, "", values);
  } catch (const Poco::Exception& error) {
    problem = error.displayText();
  }
}
