// Examination: everything that can be said about a plugin file without running any of it.
//
// ELF structure, then the manifest in its note, then what the manifest asks of this program. A
// value; thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "plugin/file/file.h"
#include "plugin/file/manifest.h"

namespace cartpilot::plugin {

struct Examination {
  Refusal refusal;
  FileIdentity identity;
  std::string note;         ///< the manifest's bytes, "" when there are none
  PluginManifest manifest;  ///< id is "" when it could not be read
};

Examination examine_plugin(const std::filesystem::path& file);

/// The refusal of a plugin that was built for another epoch.
Refusal other_epoch(std::int64_t epoch);

/// Reads a manifest and judges whether this program can serve the plugin.
Refusal judge_manifest(std::string_view text, PluginManifest& manifest);

}  // namespace cartpilot::plugin
