// ElfFile: an ELF shared library, read piece by piece with pread.
//
// Owns the descriptor. open() judges the outside (regular, ELF, this machine, complete); the rest
// reads only inside what open() found. Not shared between threads.
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "plugin/file/file.h"

namespace cartpilot::plugin {

class ElfFile {
 public:
  ElfFile() = default;
  ~ElfFile();
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;

  /// Opens and judges header and segments. Call once.
  Refusal open(const std::filesystem::path& path);

  const FileIdentity& identity() const { return identity_; }
  std::uint64_t size() const { return static_cast<std::uint64_t>(identity_.size); }
  const Elf64_Ehdr& header() const { return header_; }
  const std::vector<Elf64_Phdr>& segments() const { return segments_; }
  const Elf64_Phdr* segment(std::uint32_t type) const;

  /// Bytes read; less than `size` only at the end of the file or on an error.
  std::size_t read(void* target, std::size_t size, std::uint64_t offset) const;

  /// `size` bytes at `offset`; empty when they are not all there.
  std::string bytes(std::uint64_t offset, std::uint64_t size) const;

  /// Where the file holds the `size` bytes that will be mapped at `address`; nullopt when no
  /// PT_LOAD brings them all from the file.
  std::optional<std::uint64_t> offset_of(std::uint64_t address, std::uint64_t size) const;

  /// True when `size` bytes at `address` lie in one mapped segment.
  bool is_mapped(std::uint64_t address, std::uint64_t size) const;

 private:
  Refusal read_segments();

  int descriptor_ = -1;
  FileIdentity identity_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> segments_;
};

/// The refusal of a file whose structure makes no sense.
Refusal malformed(const std::string& why);

/// True when `length` bytes at `offset` lie within `size`.
bool inside(std::uint64_t offset, std::uint64_t length, std::uint64_t size);

}  // namespace cartpilot::plugin
