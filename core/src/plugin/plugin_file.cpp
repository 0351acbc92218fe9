#include "plugin/plugin_file.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace cartpilot::plugin {
namespace {

constexpr std::uint64_t kLargestFile = 512ULL << 20;
constexpr std::uint16_t kMaxSegments = 128;

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

class File {
 public:
  explicit File(const std::filesystem::path& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool open() const { return descriptor_ >= 0; }
  bool status(struct stat& result) const { return ::fstat(descriptor_, &result) == 0; }

  /// Bytes read; less than `size` only at the end of the file or on an error.
  std::size_t read(void* target, std::size_t size, std::uint64_t offset) const {
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

 private:
  int descriptor_;
};

bool inside(std::uint64_t offset, std::uint64_t length, std::uint64_t size) {
  return offset <= size && length <= size - offset;
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

Refusal not_elf(std::uint64_t size) {
  return {"CP-P03", fmt::format("not an ELF shared library ({} bytes)", size),
          "build it as a shared library (docs/plugin-authoring.md), or remove it"};
}

Refusal damaged(const std::string& why) { return {"CP-P06", why, "copy or build it again"}; }

Refusal examine_segments(const File& file, const Elf64_Ehdr& header, std::uint64_t size) {
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 ||
      header.e_phnum > kMaxSegments) {
    return damaged("its ELF program header table is malformed");
  }
  const std::uint64_t table = std::uint64_t{header.e_phnum} * sizeof(Elf64_Phdr);
  if (!inside(header.e_phoff, table, size)) {
    return damaged(fmt::format("incomplete: it ends at byte {}, its program headers are at {}",
                               size, header.e_phoff));
  }
  std::vector<Elf64_Phdr> segments(header.e_phnum);
  if (file.read(segments.data(), table, header.e_phoff) != table) {
    return damaged("it shrank while it was read");
  }
  bool dynamic = false;
  for (const Elf64_Phdr& segment : segments) {
    if (segment.p_type == PT_DYNAMIC) dynamic = true;
    if (segment.p_type != PT_LOAD && segment.p_type != PT_DYNAMIC) continue;
    if (!inside(segment.p_offset, segment.p_filesz, size)) {
      return damaged(
          fmt::format("incomplete: it ends at byte {}, a segment of {} bytes starts at {}", size,
                      segment.p_filesz, segment.p_offset));
    }
  }
  if (!dynamic) return damaged("it has no dynamic section");
  // The section headers come last; a copy cut short lacks them.
  if (header.e_shoff != 0 &&
      !inside(header.e_shoff, std::uint64_t{header.e_shnum} * header.e_shentsize, size)) {
    return damaged(fmt::format("incomplete: it ends at byte {}, its section headers are at {}",
                               size, header.e_shoff));
  }
  return {};
}

}  // namespace

Refusal examine_file(const std::filesystem::path& path, FileIdentity& identity) {
  const File file(path);
  if (!file.open()) {
    const int problem = errno;
    // A socket cannot be opened at all; say what it is.
    struct stat found {};
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
  struct stat status {};
  if (!file.status(status)) {
    return {"CP-P01", fmt::format("it cannot be examined: {}", std::strerror(errno)),
            "check the file system"};
  }
  if (!S_ISREG(status.st_mode)) return not_regular(status.st_mode);
  identity = {status.st_dev, status.st_ino};

  const auto size = static_cast<std::uint64_t>(status.st_size);
  Elf64_Ehdr header{};
  const std::size_t got = file.read(&header, sizeof(header), 0);
  if (got < SELFMAG || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return not_elf(size);
  if (size > kLargestFile) return damaged(fmt::format("it is too large ({} bytes)", size));
  if (got < sizeof(header)) return damaged(fmt::format("incomplete: it has {} bytes", size));
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
    return {"CP-P05",
            header.e_type == ET_EXEC ? "it is a program, not a plugin"
                                     : "it is an object file or core dump, not a plugin",
            "link it with -shared"};
  }
  return examine_segments(file, header, size);
}

bool file_mentions(const std::filesystem::path& path, const std::vector<std::string>& texts) {
  const File file(path);
  struct stat status {};
  if (!file.open() || !file.status(status) || !S_ISREG(status.st_mode)) return false;

  std::size_t longest = 0;
  for (const std::string& text : texts) longest = std::max(longest, text.size());
  std::vector<bool> seen(texts.size(), false);
  std::string window(std::max<std::size_t>(1U << 20, 2 * longest), '\0');
  std::size_t kept = 0;  // bytes carried over, so that a text across two reads is found
  std::uint64_t offset = 0;
  for (;;) {
    const std::size_t got = file.read(window.data() + kept, window.size() - kept, offset);
    const std::string_view view(window.data(), kept + got);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (!seen[i]) seen[i] = view.find(texts[i]) != std::string_view::npos;
    }
    if (std::all_of(seen.begin(), seen.end(), [](bool found) { return found; })) return true;
    if (kept + got < window.size() || offset > kLargestFile) return false;
    offset += got;
    kept = longest;
    std::copy(window.end() - static_cast<std::ptrdiff_t>(longest), window.end(), window.begin());
  }
}

}  // namespace cartpilot::plugin
