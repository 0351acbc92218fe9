// A plugin file before any of its code runs: may it be loaded, and what does it say about itself?
//
// The rules about what elf_facts.h reads: stack, relocations, libraries and paths, sanitizers,
// versions, the one note and the one symbol a plugin must have. Keeps nothing; thread-safe.
#pragma once

#include <filesystem>
#include <string>

#include "plugin/file/elf_facts.h"

namespace cartpilot::plugin {

struct FileFacts {
  FileIdentity identity;
  std::string manifest;  ///< text of the note
};

/// Judges `file` by its ELF structure; fills `facts` as far as it came.
Refusal examine_file(const std::filesystem::path& file, FileFacts& facts);

}  // namespace cartpilot::plugin
