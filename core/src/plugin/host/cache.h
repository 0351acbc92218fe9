// PluginCache: small texts about plugin files, kept between runs so that nothing is asked twice.
//
// One file per subject in a directory of the user, replaced by renaming, so two programs at once
// never see half a text. A cache may be missing, damaged, full of lies or read-only: then it is
// ignored. Nothing safety depends on is ever taken from it: permissions and file structure are
// looked at every time. Thread-safe.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "plugin/file/file.h"

namespace cartpilot::plugin {

class PluginCache {
 public:
  /// "" switches the cache off.
  explicit PluginCache(std::filesystem::path directory);

  /// The text about `subject` ("probe" of a path), if it was written for exactly this `stamp`.
  std::optional<std::string> read(std::string_view kind, std::string_view subject,
                                  std::string_view stamp) const;
  void write(std::string_view kind, std::string_view subject, std::string_view stamp,
             std::string_view text) const noexcept;

 private:
  std::filesystem::path file_of(std::string_view kind, std::string_view subject) const;

  const std::filesystem::path directory_;
};

/// 64-bit FNV-1a, for names and change detection; not against an opponent.
class Fingerprint {
 public:
  Fingerprint& add(std::string_view text);
  Fingerprint& add(std::uint64_t number);
  Fingerprint& add(const FileIdentity& identity);
  std::string text() const;

 private:
  std::uint64_t hash_ = 14695981039346656037ULL;
};

/// Identity of the running program: what it knew about plugins, another build must find out again.
std::string program_stamp();

}  // namespace cartpilot::plugin
