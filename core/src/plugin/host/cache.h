// PluginCache: verdicts about plugin files, kept between runs so that nothing is tried twice.
//
// One file per plugin in a directory of the user, replaced by renaming, so two programs at once
// never see half a text. A cache may be missing, damaged, full of lies or read-only: then it is
// ignored. Nothing safety depends on is ever taken from it: permissions and file structure are
// looked at every time. Thread-safe.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace cartpilot::plugin {

class PluginCache {
 public:
  /// "" switches the cache off.
  explicit PluginCache(std::filesystem::path directory);

  /// The text about the plugin file `plugin`, if it was written for exactly this `stamp`.
  std::optional<std::string> read(const std::string& plugin, std::string_view stamp) const;
  void write(const std::string& plugin, std::string_view stamp,
             std::string_view text) const noexcept;

 private:
  std::filesystem::path file_of(const std::string& plugin) const;

  const std::filesystem::path directory_;
};

}  // namespace cartpilot::plugin
