// What the dynamic loader would do with a file, judged before it does it: stack, relocations,
// libraries and paths, sanitizers, versions, and the one symbol a plugin must have.
//
// Pure functions of the file; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/file/elf_file.h"

namespace cartpilot::plugin {

/// The dynamic table of a file, with its strings.
struct DynamicTable {
  std::vector<Elf64_Dyn> entries;
  std::string strings;

  /// Value of the first entry with `tag`, or 0.
  std::uint64_t value(std::int64_t tag) const;
  bool has(std::int64_t tag) const;
  /// The string at `offset`, "" when it does not end inside the table.
  std::string_view text(std::uint64_t offset) const;
};

/// Reads and checks the table; every address in it must lie in the file.
Refusal read_dynamic(const ElfFile& file, DynamicTable& table);

/// Executable stack, text relocations, programs, unsafe library paths, foreign sanitizers and
/// library versions this system lacks.
Refusal judge_dynamic(const ElfFile& file, const DynamicTable& table);

/// The entry function must be a defined, exported function.
Refusal judge_entry(const ElfFile& file, const DynamicTable& table);

/// Names of symbols the file wants from others.
std::vector<std::string_view> wanted_symbols(const ElfFile& file, const DynamicTable& table);

/// GLIBC_x, GLIBCXX_x and the like that the file needs and the libraries in this process lack.
Refusal judge_versions(const ElfFile& file, const DynamicTable& table);

}  // namespace cartpilot::plugin
