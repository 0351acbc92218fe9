// Flags of `cartpilot plugin new` and `cartpilot plugin check`: what plugin authors type.
//
// Values; add_plugin_author_commands() declares them to the command line, which fills them in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace cartpilot::host {

struct PluginAuthorArguments {
  // plugin new
  std::string name;
  bool provider = false;
  bool engine = false;
  bool tool_set = false;
  bool plain_c = false;
  std::string directory;
  std::string license = "Apache-2.0";

  // plugin check
  std::string file;
  bool list = false;
  std::vector<std::string> only;
  std::vector<std::string> skip;
  std::uint64_t seed = 1;
  int deadline_s = 20;
  std::string junit;
  std::string samples;
  bool static_only = false;
  bool in_process = false;
  bool quiet = false;

  // plugin install (its FILE is `file`), plugin remove
  bool yes = false;

  // plugin info, of itself: to tell only what the loaded plugin says
  bool details = false;
};

void add_plugin_author_commands(CLI::App& plugin, PluginAuthorArguments& arguments);

}  // namespace cartpilot::host
