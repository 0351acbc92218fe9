// PluginManifest: what a plugin says about itself.
//
// A JSON text in a note of the file (detail/manifest_note.h), made by the macro of plugin.h. It
// comes from outside, so it is bounded, checked and never printed raw. A value; parsing is
// thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/json.h"

namespace cartpilot::plugin {

struct PluginManifest {
  std::string id;
  std::string version;
  std::int64_t epoch = 0;
  std::int64_t min_revision = 0;  ///< of the host
  std::vector<std::string> providers;
  std::vector<std::string> tool_sets;
  std::vector<std::string> needed_services;  ///< interface ids of the host
  std::vector<std::string> environment;      ///< variables the plugin asks for
  std::vector<std::string> secrets;          ///< of these, all but {"name":"X","secret":false}
  bool concurrent = false;                   ///< reads of its tool sets may overlap
  std::string title;  ///< "name", "license", "homepage": for people, "" when not given
  std::string license;
  std::string homepage;
  Json build;  ///< what it was built with; explains, decides nothing; null when not given
};

/// Unknown members are ignored; duplicate ones, wrong types and impossible names throw
/// Error{kProtocol} saying which.
PluginManifest parse_manifest(std::string_view text);

}  // namespace cartpilot::plugin
