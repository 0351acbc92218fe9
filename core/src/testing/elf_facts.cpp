#include "testing/elf_facts.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace cartpilot::testing {
namespace {

constexpr std::uint64_t kLargestFile = 512ULL << 20;
constexpr std::size_t kMaxSymbols = 1'000'000;

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
#else
#error "name this machine's ELF machine number"
#endif

struct Malformed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Image {
 public:
  explicit Image(std::string bytes) : bytes_(std::move(bytes)) {}

  template <class T>
  T at(std::uint64_t offset) const {
    T value;
    std::memcpy(&value, piece(offset, sizeof(T)).data(), sizeof(T));
    return value;
  }

  std::string_view piece(std::uint64_t offset, std::uint64_t length) const {
    if (offset > bytes_.size() || length > bytes_.size() - offset) {
      throw Malformed("it is incomplete: it has " + std::to_string(bytes_.size()) +
                      " bytes and refers to byte " + std::to_string(offset + length));
    }
    return std::string_view(bytes_).substr(offset, length);
  }

  std::string text(std::uint64_t offset) const {
    const std::string_view rest =
        piece(offset, bytes_.size() - std::min<std::uint64_t>(offset, bytes_.size()));
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) throw Malformed("a string in it has no end");
    return std::string(rest.substr(0, end));
  }

  std::uint64_t size() const { return bytes_.size(); }

 private:
  std::string bytes_;
};

struct Dynamic {
  std::uint64_t strings = 0;
  std::uint64_t symbols = 0;
  std::uint64_t hash = 0;
  std::uint64_t gnu_hash = 0;
  std::uint64_t needed_versions = 0;
  std::uint64_t needed_version_count = 0;
  std::vector<std::uint64_t> needed;
  std::vector<std::uint64_t> run_paths;
};

class Reader {
 public:
  Reader(const Image& image, ElfFacts& facts) : image_(image), facts_(facts) {}

  void read() {
    const auto header = image_.at<Elf64_Ehdr>(0);
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
        header.e_machine != kMachine) {
      throw Malformed("it was built for another kind of machine");
    }
    if (header.e_type != ET_DYN) throw Malformed("it is no shared library; link it with -shared");
    if (header.e_phnum == 0 || header.e_phnum > 128 || header.e_phentsize != sizeof(Elf64_Phdr)) {
      throw Malformed("its program headers are malformed");
    }
    for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
      segments_.push_back(image_.at<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr)));
    }
    facts_.executable_stack = true;  // what a missing PT_GNU_STACK means
    for (const Elf64_Phdr& segment : segments_) read_segment(segment);
    if (!dynamic_) throw Malformed("it has no dynamic section");
    for (const std::uint64_t name : dynamic_->needed) facts_.needed.push_back(string_at(name));
    for (const std::uint64_t name : dynamic_->run_paths) split_run_path(string_at(name));
    read_symbols();
    read_versions();
  }

 private:
  void read_segment(const Elf64_Phdr& segment) {
    if (segment.p_type == PT_LOAD) image_.piece(segment.p_offset, segment.p_filesz);
    if (segment.p_type == PT_GNU_RELRO) facts_.has_relro = true;
    if (segment.p_type == PT_GNU_STACK) facts_.executable_stack = (segment.p_flags & PF_X) != 0;
    if (segment.p_type == PT_DYNAMIC) read_dynamic(segment);
    if (segment.p_type == PT_NOTE) read_notes(segment);
  }

  void read_dynamic(const Elf64_Phdr& segment) {
    dynamic_.emplace();
    for (std::uint64_t i = 0; i < segment.p_filesz / sizeof(Elf64_Dyn); ++i) {
      const auto entry = image_.at<Elf64_Dyn>(segment.p_offset + i * sizeof(Elf64_Dyn));
      const std::uint64_t value = entry.d_un.d_val;
      switch (entry.d_tag) {
        case DT_NULL: return;
        case DT_STRTAB: dynamic_->strings = value; break;
        case DT_SYMTAB: dynamic_->symbols = value; break;
        case DT_HASH: dynamic_->hash = value; break;
        case DT_GNU_HASH: dynamic_->gnu_hash = value; break;
        case DT_VERNEED: dynamic_->needed_versions = value; break;
        case DT_VERNEEDNUM: dynamic_->needed_version_count = value; break;
        case DT_NEEDED: dynamic_->needed.push_back(value); break;
        case DT_RPATH:
        case DT_RUNPATH: dynamic_->run_paths.push_back(value); break;
        case DT_TEXTREL: facts_.text_relocations = true; break;
        case DT_BIND_NOW: facts_.bind_now = true; break;
        case DT_FLAGS:
          if ((value & DF_TEXTREL) != 0) facts_.text_relocations = true;
          if ((value & DF_BIND_NOW) != 0) facts_.bind_now = true;
          break;
        case DT_FLAGS_1:
          if ((value & DF_1_NOW) != 0) facts_.bind_now = true;
          if ((value & DF_1_PIE) != 0) throw Malformed("it is a program, no shared library");
          break;
        default: break;
      }
    }
  }

  void read_notes(const Elf64_Phdr& segment) {
    const std::uint64_t step = segment.p_align == 8 ? 8 : 4;
    const auto padded = [step](std::uint64_t length) { return (length + step - 1) / step * step; };
    std::uint64_t at = segment.p_offset;
    const std::uint64_t end = segment.p_offset + segment.p_filesz;
    image_.piece(segment.p_offset, segment.p_filesz);
    while (at + sizeof(Elf64_Nhdr) <= end) {
      const auto note = image_.at<Elf64_Nhdr>(at);
      at += sizeof(Elf64_Nhdr);
      const std::string_view owner = image_.piece(at, note.n_namesz);
      at += padded(note.n_namesz);
      const std::string_view content = image_.piece(at, note.n_descsz);
      at += padded(note.n_descsz);
      if (note.n_type == 1 && owner == std::string_view("cartpilot\0", 10)) {
        facts_.notes.emplace_back(content.substr(0, content.find('\0')));
      }
    }
  }

  /// Where an address of the loaded library lies in the file.
  std::uint64_t offset_of(std::uint64_t address) const {
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
          address - segment.p_vaddr < segment.p_filesz) {
        return segment.p_offset + (address - segment.p_vaddr);
      }
    }
    throw Malformed("a table of it lies outside of the file");
  }

  std::string string_at(std::uint64_t index) const {
    return image_.text(offset_of(dynamic_->strings) + index);
  }

  void split_run_path(const std::string& paths) {
    for (std::size_t begin = 0; begin <= paths.size();) {
      const std::size_t end = std::min(paths.find(':', begin), paths.size());
      facts_.run_paths.push_back(paths.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  std::size_t symbol_count() const {
    if (dynamic_->hash != 0) {
      return image_.at<std::uint32_t>(offset_of(dynamic_->hash) + sizeof(std::uint32_t));
    }
    if (dynamic_->gnu_hash == 0) throw Malformed("it has no symbol hash table");
    const std::uint64_t table = offset_of(dynamic_->gnu_hash);
    const auto buckets = image_.at<std::uint32_t>(table);
    const auto first = image_.at<std::uint32_t>(table + 4);
    const auto bloom = image_.at<std::uint32_t>(table + 8);
    const std::uint64_t bucket_table = table + 16 + std::uint64_t{bloom} * 8;
    std::uint64_t last = 0;
    for (std::uint64_t i = 0; i < buckets; ++i) {
      last = std::max<std::uint64_t>(last, image_.at<std::uint32_t>(bucket_table + i * 4));
    }
    if (last < first) return first;
    const std::uint64_t chains = bucket_table + std::uint64_t{buckets} * 4;
    while ((image_.at<std::uint32_t>(chains + (last - first) * 4) & 1U) == 0) ++last;
    return static_cast<std::size_t>(last + 1);
  }

  void read_symbols() {
    const std::size_t count = symbol_count();
    if (count > kMaxSymbols) throw Malformed("it has an absurd number of symbols");
    const std::uint64_t table = offset_of(dynamic_->symbols);
    for (std::uint64_t i = 1; i < count; ++i) {
      const auto symbol = image_.at<Elf64_Sym>(table + i * sizeof(Elf64_Sym));
      const unsigned binding = ELF64_ST_BIND(symbol.st_info);
      if (binding == STB_LOCAL) continue;
      const std::string name = string_at(symbol.st_name);
      if (symbol.st_shndx == SHN_UNDEF) {
        if (binding != STB_WEAK) facts_.undefined.push_back(name);
      } else if (binding == STB_GNU_UNIQUE) {
        facts_.unique.push_back(name);
      } else if (ELF64_ST_VISIBILITY(symbol.st_other) == STV_DEFAULT) {
        facts_.defined.push_back(name);
      }
    }
  }

  void read_versions() {
    if (dynamic_->needed_versions == 0) return;
    std::uint64_t at = offset_of(dynamic_->needed_versions);
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(dynamic_->needed_version_count, 1000);
         ++i) {
      const auto file = image_.at<Elf64_Verneed>(at);
      std::uint64_t entry = at + file.vn_aux;
      for (unsigned j = 0; j < file.vn_cnt; ++j) {
        const auto version = image_.at<Elf64_Vernaux>(entry);
        facts_.versions.push_back(string_at(version.vna_name));
        if (version.vna_next == 0) break;
        entry += version.vna_next;
      }
      if (file.vn_next == 0) break;
      at += file.vn_next;
    }
  }

  const Image& image_;
  ElfFacts& facts_;
  std::vector<Elf64_Phdr> segments_;
  std::optional<Dynamic> dynamic_;
};

std::string whole_file(int descriptor, std::uint64_t size) {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        ::pread(descriptor, bytes.data() + done, size - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace

ElfFacts read_elf_facts(const std::string& file) {
  ElfFacts facts;
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) {
    facts.problem = std::string("it cannot be opened: ") + std::strerror(errno);
    return facts;
  }
  struct stat status {};
  ::fstat(descriptor, &status);
  facts.size = static_cast<std::uint64_t>(status.st_size);
  facts.mode = status.st_mode & 07777U;
  if (!S_ISREG(status.st_mode)) {
    facts.problem = "it is no regular file";
  } else if (facts.size > kLargestFile) {
    facts.problem = "it is larger than 512 MiB";
  } else {
    const Image image(whole_file(descriptor, facts.size));
    try {
      if (image.size() < SELFMAG || image.piece(0, SELFMAG) != ELFMAG) {
        throw Malformed("it is no ELF file");
      }
      Reader(image, facts).read();
    } catch (const Malformed& problem) {
      facts.problem = problem.what();
    }
  }
  ::close(descriptor);
  return facts;
}

}  // namespace cartpilot::testing
