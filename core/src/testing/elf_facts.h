// ElfFacts: what the file of a plugin says about itself, read without running or mapping it.
//
// A value; read_elf_facts() keeps nothing and may run on any thread. Every offset of the file is
// checked before it is used, so a damaged file gives `problem`, never a crash.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cartpilot::testing {

struct ElfFacts {
  std::string problem;  ///< why the file is no whole shared library of this machine; "" = it is

  std::uint64_t size = 0;
  unsigned mode = 0;  ///< permission bits
  bool has_relro = false;
  bool bind_now = false;
  bool text_relocations = false;
  bool executable_stack = false;
  std::vector<std::string> needed;
  std::vector<std::string> run_paths;
  std::vector<std::string> versions;   ///< needed symbol versions, "GLIBC_2.34"
  std::vector<std::string> defined;    ///< exported symbols, without unique ones
  std::vector<std::string> unique;     ///< exported STB_GNU_UNIQUE symbols
  std::vector<std::string> undefined;  ///< needed symbols that are not weak
  std::vector<std::string> notes;      ///< contents of notes of "cartpilot", type 1
};

ElfFacts read_elf_facts(const std::string& file);

}  // namespace cartpilot::testing
