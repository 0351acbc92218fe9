// Every plugin that ships exports one symbol: whatever else it contains stays its own.
#include <gmock/gmock.h>

#include <array>
#include <cstdio>
#include <sstream>

#include "plugin_testing.h"

namespace cartpilot::plugin {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> exported_symbols(const std::filesystem::path& file) {
  const std::string command = "nm -D --defined-only --format=just-symbols '" + file.string() + "'";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return {"nm did not run"};
  std::string text;
  std::array<char, 4096> buffer{};
  while (std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe) != nullptr) {
    text += buffer.data();
  }
  ::pclose(pipe);
  std::vector<std::string> symbols;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) symbols.push_back(line);
  return symbols;
}

TEST(ExportedSymbols, of_every_shipped_plugin_are_the_entry_alone) {
  std::istringstream files(CARTPILOT_SHIPPED_PLUGINS);
  for (std::string file; std::getline(files, file, ':');) {
    EXPECT_THAT(exported_symbols(file), ElementsAre("cartpilot_plugin_entry")) << file;
  }
}

TEST(ExportedSymbols, of_the_macros_plugins_with_the_version_script_are_the_entry_alone) {
  for (const char* name : {"parrot", "toolbox", "vendor"}) {
    EXPECT_THAT(exported_symbols(testing::zoo(name)), ElementsAre("cartpilot_plugin_entry"))
        << name;
  }
}

}  // namespace
}  // namespace cartpilot::plugin
