// A plugin file before any of its code runs: is it a shared library of this machine, whole, safe to
// map, and what does it say about itself?
//
// Files are read with pread only, never mapped (a file that shrinks meanwhile would raise SIGBUS),
// and opened so that a FIFO cannot block. Time and memory are bounded whatever the file claims.
// Functions keep nothing and are thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace cartpilot::plugin {

/// Why a plugin is refused; `code` is stable (docs/plugin-errors.md). Empty code: no objection.
struct Refusal {
  std::string code;
  std::string why;
  std::string fix;

  explicit operator bool() const { return !code.empty(); }
};

/// What was examined, so that the loader can tell whether it got the same file, and the cache
/// whether a verdict is about this one.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;

  bool operator==(const FileIdentity&) const = default;
};

/// Identity of `path`, links followed. False (and untouched) when it cannot be told.
bool identify(const char* path, FileIdentity& identity);

struct FileFacts {
  FileIdentity identity;
  std::string manifest;  ///< text of the note
};

/// Judges `file` by its ELF structure; fills `facts` as far as it came.
Refusal examine_file(const std::filesystem::path& file, FileFacts& facts);

}  // namespace cartpilot::plugin
