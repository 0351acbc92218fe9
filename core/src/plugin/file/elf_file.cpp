#include "plugin/file/elf_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

namespace cartpilot::plugin {
namespace {

constexpr std::uint64_t kLargestFile = 512ULL << 20;
constexpr std::uint64_t kLargestImage = 4ULL << 30;  // address space one plugin may take
constexpr std::uint16_t kMaxSegments = 128;
constexpr std::uint64_t kPage = 4096;

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
#else
#error "name this machine's ELF machine number"
#endif

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_X86_64: return "x86-64";
    case EM_AARCH64: return "aarch64";
    case EM_386: return "32-bit x86";
    case EM_ARM: return "32-bit arm";
    case EM_RISCV: return "risc-v";
    default: return fmt::format("machine number {}", machine);
  }
}

Refusal not_regular(mode_t mode) {
  const char* kind = S_ISDIR(mode)    ? "a directory"
                     : S_ISFIFO(mode) ? "a FIFO"
                     : S_ISSOCK(mode) ? "a socket"
                     : S_ISCHR(mode)  ? "a character device"
                     : S_ISBLK(mode)  ? "a block device"
                                      : "something else";
  return {"CP-P02", fmt::format("not a regular file but {}", kind),
          "remove it, or rename it so that it does not look like a plugin"};
}

Refusal cannot_open(const std::filesystem::path& path, int problem) {
  struct stat found {};
  // A socket cannot be opened at all; say what it is.
  if (::stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode)) {
    return not_regular(found.st_mode);
  }
  const bool broken_link = problem == ENOENT && ::lstat(path.c_str(), &found) == 0;
  return {"CP-P01",
          broken_link ? "it is a broken link"
                      : fmt::format("it cannot be opened: {}", std::strerror(problem)),
          problem == EACCES ? fmt::format("chmod a+r {}", path.string())
                            : "check the path, or remove the link"};
}

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

FileIdentity identity_of(const struct stat& status) {
  return {status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim)};
}

Refusal not_elf(const std::string& start, std::uint64_t size) {
  if (start.rfind("!<arch>", 0) == 0) {
    return {"CP-P05", "it is a static library (.a), not a plugin", "link it with -shared"};
  }
  return {"CP-P03", fmt::format("not an ELF shared library ({} bytes)", size),
          "build it as a shared library (docs/plugin-authoring.md), or remove it"};
}

Refusal judge_header(const Elf64_Ehdr& header) {
  const std::string rebuild = fmt::format("build it for {}", machine_name(kMachine));
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
    return {"CP-P04",
            fmt::format("built for another kind of machine ({}-bit, {}-endian); this is {}",
                        header.e_ident[EI_CLASS] == ELFCLASS32 ? 32 : 64,
                        header.e_ident[EI_DATA] == ELFDATA2MSB ? "big" : "little",
                        machine_name(kMachine)),
            rebuild};
  }
  if (header.e_machine != kMachine) {
    return {"CP-P04",
            fmt::format("built for {}, this is {}", machine_name(header.e_machine),
                        machine_name(kMachine)),
            rebuild};
  }
  if (header.e_type != ET_DYN) {
    const char* kind = header.e_type == ET_EXEC   ? "a program"
                       : header.e_type == ET_REL  ? "an object file (.o)"
                       : header.e_type == ET_CORE ? "a core dump"
                                                  : "an ELF file of an unknown kind";
    return {"CP-P05", fmt::format("it is {}, not a plugin", kind), "link it with -shared"};
  }
  if (header.e_ident[EI_VERSION] != EV_CURRENT || header.e_version != EV_CURRENT ||
      (header.e_ident[EI_OSABI] != ELFOSABI_SYSV && header.e_ident[EI_OSABI] != ELFOSABI_GNU)) {
    return malformed("its ELF header names an unknown version or system");
  }
  return {};
}

}  // namespace

Refusal malformed(const std::string& why) { return {"CP-P06", why, "copy or build it again"}; }

bool inside(std::uint64_t offset, std::uint64_t length, std::uint64_t size) {
  return offset <= size && length <= size - offset;
}

bool identify(const char* path, FileIdentity& identity) {
  struct stat status {};
  if (::stat(path, &status) != 0) return false;
  identity = identity_of(status);
  return true;
}

ElfFile::~ElfFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::size_t ElfFile::read(void* target, std::size_t size, std::uint64_t offset) const {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(descriptor_, static_cast<char*>(target) + done, size - done,
                                static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

std::string ElfFile::bytes(std::uint64_t offset, std::uint64_t size) const {
  if (!inside(offset, size, this->size())) return {};
  std::string result(static_cast<std::size_t>(size), '\0');
  if (read(result.data(), result.size(), offset) != result.size()) result.clear();
  return result;
}

const Elf64_Phdr* ElfFile::segment(std::uint32_t type) const {
  for (const Elf64_Phdr& segment : segments_) {
    if (segment.p_type == type) return &segment;
  }
  return nullptr;
}

std::optional<std::uint64_t> ElfFile::offset_of(std::uint64_t address, std::uint64_t size) const {
  for (const Elf64_Phdr& segment : segments_) {
    if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
    if (inside(address - segment.p_vaddr, size, segment.p_filesz)) {
      return segment.p_offset + (address - segment.p_vaddr);
    }
  }
  return std::nullopt;
}

bool ElfFile::is_mapped(std::uint64_t address, std::uint64_t size) const {
  for (const Elf64_Phdr& segment : segments_) {
    if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
        inside(address - segment.p_vaddr, size, segment.p_memsz)) {
      return true;
    }
  }
  return false;
}

Refusal ElfFile::open(const std::filesystem::path& path) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor_ < 0) return cannot_open(path, errno);
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) {
    return {"CP-P01", fmt::format("it cannot be examined: {}", std::strerror(errno)),
            "check the file system"};
  }
  if (!S_ISREG(status.st_mode)) return not_regular(status.st_mode);
  identity_ = identity_of(status);

  const std::size_t got = read(&header_, sizeof(header_), 0);
  if (got < SELFMAG || std::memcmp(header_.e_ident, ELFMAG, SELFMAG) != 0) {
    return not_elf(bytes(0, std::min<std::uint64_t>(8, size())), size());
  }
  if (size() > kLargestFile) return malformed(fmt::format("it is too large ({} bytes)", size()));
  if (got < sizeof(header_)) return malformed(fmt::format("incomplete: it has {} bytes", size()));
  Refusal refusal = judge_header(header_);
  return refusal ? refusal : read_segments();
}

Refusal ElfFile::read_segments() {
  if (header_.e_phentsize != sizeof(Elf64_Phdr) || header_.e_phnum == 0 ||
      header_.e_phnum > kMaxSegments) {
    return malformed("its ELF program header table is malformed");
  }
  const std::uint64_t table = std::uint64_t{header_.e_phnum} * sizeof(Elf64_Phdr);
  if (!inside(header_.e_phoff, table, size())) {
    return malformed(fmt::format("incomplete: it ends at byte {}, its program headers are at {}",
                                 size(), header_.e_phoff));
  }
  segments_.resize(header_.e_phnum);
  if (read(segments_.data(), table, header_.e_phoff) != table) {
    return malformed("it shrank while it was read");
  }
  std::uint64_t end = 0;  // of the image so far
  bool loads = false;
  for (const Elf64_Phdr& segment : segments_) {
    if (segment.p_type != PT_LOAD && segment.p_type != PT_DYNAMIC && segment.p_type != PT_NOTE &&
        segment.p_type != PT_TLS && segment.p_type != PT_GNU_RELRO) {
      continue;
    }
    if (!inside(segment.p_offset, segment.p_filesz, size())) {
      return malformed(
          fmt::format("incomplete: it ends at byte {}, a segment of {} bytes starts at {}", size(),
                      segment.p_filesz, segment.p_offset));
    }
    if (!inside(segment.p_vaddr, segment.p_memsz, kLargestImage)) {
      return malformed("one of its segments asks for more than 4 GiB");
    }
    if (segment.p_type != PT_LOAD) continue;
    const bool aligned = std::has_single_bit(segment.p_align) && segment.p_align >= kPage &&
                         segment.p_align <= kLargestImage &&
                         segment.p_vaddr % segment.p_align == segment.p_offset % segment.p_align;
    if (segment.p_memsz < segment.p_filesz || !aligned) {
      return malformed("one of its segments has impossible sizes");
    }
    if (segment.p_vaddr < end) return malformed("its segments overlap");
    end = segment.p_vaddr + segment.p_memsz;
    loads = true;
  }
  if (!loads) return malformed("nothing of it would be loaded");
  for (const Elf64_Phdr& segment : segments_) {
    if ((segment.p_type == PT_DYNAMIC || segment.p_type == PT_TLS) && segment.p_filesz > 0 &&
        !is_mapped(segment.p_vaddr, segment.p_filesz)) {
      return malformed("one of its segments lies outside of what is loaded");
    }
  }
  // The section headers come last; a copy cut short lacks them.
  const std::uint64_t sections = std::uint64_t{header_.e_shnum} * header_.e_shentsize;
  if (header_.e_shoff != 0 && !inside(header_.e_shoff, sections, size())) {
    return malformed(fmt::format("incomplete: it ends at byte {}, its section headers are at {}",
                                 size(), header_.e_shoff));
  }
  return {};
}

}  // namespace cartpilot::plugin
