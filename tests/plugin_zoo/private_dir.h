// PrivateDir: a home and a plugin folder of its own for one test, and the real program that meets
// what lies in it.
//
// Every dir also holds a good plugin, "good": whatever happens to the others, it must go on
// working. One test, one thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cartpilot/json.h"
#include "e2e/program.h"

namespace cartpilot::plugin_zoo {

/// The file the build made.
std::filesystem::path animal(const std::string& name);

class PrivateDir {
 public:
  PrivateDir();

  const std::filesystem::path& plugins() const { return plugins_; }
  std::filesystem::path home() const { return home_.path(); }
  const e2e::Home& house() const { return home_; }

  /// Copies zoo file `name` to cartpilot-AS.so (AS = name when left out).
  std::filesystem::path put(const std::string& name, const std::string& as = "");
  /// Writes cartpilot-AS.so with this text.
  std::filesystem::path write(const std::string& as, const std::string& text);
  std::filesystem::path path(const std::string& as) const;
  /// The bytes of a zoo file, to be damaged.
  static std::string bytes(const std::string& name);

  /// Runs the program with --plugin-path set to the dir.
  e2e::Result run(std::vector<std::string> arguments, const e2e::Environment& environment = {},
                  const std::string& input = "") const;
  /// One message through `chat` with this provider.
  e2e::Result chat(const std::string& provider, std::vector<std::string> more = {},
                   const e2e::Environment& environment = {}) const;

  /// The record of cartpilot-AS.so in `plugin list --json`, null when it is not listed.
  Json listed(const std::string& as, const std::vector<std::string>& more = {},
              const e2e::Environment& environment = {}) const;
  /// `plugin info --json`; the exit code goes into "exit".
  Json info(const std::string& as, const std::vector<std::string>& more = {},
            const e2e::Environment& environment = {}) const;

  /// Refused without running it: the list, the information and the command that needs it say code,
  /// why and fix; the list ends well and the neighbour works.
  void expect_refused_unseen(const std::string& as, const std::string& code,
                             const std::string& why) const;
  /// Refused after a try in a child: the list knows nothing yet, then everything does.
  void expect_refused_when_tried(const std::string& as, const std::string& code,
                                 const std::string& why, const std::vector<std::string>& more = {},
                                 const e2e::Environment& environment = {}) const;
  void expect_neighbour_works() const;

 private:
  void expect_command_refuses(const std::string& as, const std::string& code,
                              const std::vector<std::string>& more) const;

  const e2e::Home home_;
  std::filesystem::path plugins_;
};

/// The whole file, "" when there is none.
std::string read_file(const std::filesystem::path& file);

}  // namespace cartpilot::plugin_zoo
