// ElfFacts: what the file of a shared library says about it, read with libelf before any of it
// runs.
//
// One reader for the loader and for the check kit, so there is one opinion of "malformed"; which
// facts are acceptable is decided elsewhere (file.cpp, checks_static.cpp). The bytes are read into
// memory first: a mapped file that shrinks meanwhile would raise SIGBUS. Time and memory are
// bounded whatever the file claims. Part of the installed kit: nothing but the standard library and
// libelf. Values; functions keep nothing and are thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

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

struct ElfFacts {
  Refusal refusal;  ///< why the file is no whole shared library of this machine
  FileIdentity identity;
  unsigned mode = 0;  ///< permission bits

  // The rest is complete only without a refusal.
  bool has_relro = false;
  bool bind_now = false;
  bool text_relocations = false;
  bool executable_stack = true;  ///< also when nothing is said about the stack
  std::vector<std::string> needed;
  std::vector<std::string> run_paths;

  struct Version {
    std::string library;
    std::string name;  ///< "GLIBC_2.34"
  };
  std::vector<Version> versions;  ///< wanted from others

  struct Symbol {
    std::string name;
    bool is_function = false;
    bool is_unique = false;  ///< STB_GNU_UNIQUE: shared by all libraries of the process
    bool in_image = false;   ///< its address lies in what is loaded
  };
  std::vector<Symbol> exported;
  std::vector<std::string> undefined;       ///< wanted from others
  std::vector<std::string> undefined_weak;  ///< wanted if others have it
  std::vector<std::string> notes;           ///< manifests: texts of the notes of cartpilot
};

ElfFacts read_elf(const std::filesystem::path& file);

/// Fills `facts` from the whole bytes of a file, which libelf wants writable; they are not changed.
void read_elf(std::string& bytes, ElfFacts& facts);

/// The refusal of a file whose structure makes no sense.
Refusal malformed(const std::string& why);

}  // namespace cartpilot::plugin
