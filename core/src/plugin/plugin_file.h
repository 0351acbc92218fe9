// A plugin file before any of its code runs: is it a shared library of this machine, whole, and
// what does it mention?
//
// Files are read with pread only, never mapped (a file that shrinks meanwhile would raise SIGBUS),
// and opened so that a FIFO cannot block. Functions keep nothing and are thread-safe.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cartpilot::plugin {

/// Why a plugin is refused; `code` is stable (docs/plugin-authoring.md). Empty code: no objection.
struct Refusal {
  std::string code;
  std::string why;
  std::string fix;
};

/// What was examined, so that the loader can tell whether it got the same file.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
};

/// Judges the outside of `file` by its ELF headers. Fills `identity` when the file could be opened.
Refusal examine_file(const std::filesystem::path& file, FileIdentity& identity);

/// True when every one of `texts` occurs somewhere in the file. A plugin's manifest is a constant
/// inside it, so a file that lacks a name cannot offer it, and one that cannot be read offers
/// nothing.
bool file_mentions(const std::filesystem::path& file, const std::vector<std::string>& texts);

}  // namespace cartpilot::plugin
