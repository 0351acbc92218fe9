// The files `cartpilot plugin new` writes, compiled into the program from host/templates.
//
// Constants; the texts still hold the words @ID@, @CLASS@, @IDENTIFIER@, @VARIABLE@ and @LICENSE@.
#pragma once

#include <string>
#include <vector>

namespace cartpilot::host {

struct PluginTemplate {
  std::string path;  ///< relative to the new folder
  std::string text;
  bool executable = false;
};

/// `kind` is provider, engine, toolset, provider-c or toolset-c.
std::vector<PluginTemplate> plugin_templates(const std::string& kind);

}  // namespace cartpilot::host
