#include "plugin/file/elf_facts.h"

#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "cartpilot/detail/manifest_note.h"

namespace cartpilot::plugin {
namespace {

constexpr std::int64_t kMaxFileBytes = 256LL << 20;
constexpr std::uint64_t kMaxImageBytes = 4ULL << 30;  // address space one plugin may take
constexpr std::size_t kMaxSegments = 128;
constexpr std::uint64_t kMaxDynamicBytes = 64 * 1024;
constexpr std::uint64_t kMaxNoteBytes = 1U << 20;  // of one segment or section
constexpr std::size_t kMaxSymbols = 1'000'000;
constexpr std::size_t kMaxVersions = 4096;
constexpr std::uint64_t kPageBytes = 4096;

#if defined(__x86_64__)
constexpr std::uint16_t kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t kMachine = EM_AARCH64;
#else
#error "name this machine's ELF machine number"
#endif

/// Places and sizes of tables in the dynamic section; a size of 0 stands for one without an entry.
constexpr std::pair<std::int64_t, std::int64_t> kTables[] = {
    {DT_RELA, DT_RELASZ},  {DT_REL, DT_RELSZ}, {DT_JMPREL, DT_PLTRELSZ},
    {DT_STRTAB, DT_STRSZ}, {DT_SYMTAB, 0},     {DT_INIT_ARRAY, DT_INIT_ARRAYSZ},
    {DT_HASH, 0},          {DT_GNU_HASH, 0},   {DT_FINI_ARRAY, DT_FINI_ARRAYSZ},
    {DT_VERSYM, 0},        {DT_VERNEED, 0},    {DT_VERDEF, 0},
    {DT_INIT, 0},          {DT_FINI, 0},       {DT_PLTGOT, 0}};

std::string machine_name(std::uint16_t machine) {
  switch (machine) {
    case EM_X86_64: return "x86-64";
    case EM_AARCH64: return "aarch64";
    case EM_386: return "32-bit x86";
    case EM_ARM: return "32-bit arm";
    case EM_RISCV: return "risc-v";
    default: return "machine number " + std::to_string(machine);
  }
}

Refusal other_machine(const std::string& what) {
  const std::string here = machine_name(kMachine);
  return {"CP-P04", "built for " + what + ", this is " + here, "build it for " + here};
}

Refusal no_library(const std::string& what) {
  return {"CP-P05", "it is " + what + ", not a plugin", "link it with -shared"};
}

Refusal not_regular(mode_t mode) {
  const char* kind = S_ISDIR(mode)    ? "a directory"
                     : S_ISFIFO(mode) ? "a FIFO"
                     : S_ISSOCK(mode) ? "a socket"
                     : S_ISCHR(mode)  ? "a character device"
                     : S_ISBLK(mode)  ? "a block device"
                                      : "something else";
  return {"CP-P02", std::string("not a regular file but ") + kind,
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
                      : std::string("it cannot be opened: ") + std::strerror(problem),
          problem == EACCES ? "chmod a+r " + path.string() : "check the path, or remove the link"};
}

FileIdentity identity_of(const struct stat& status) {
  const auto nanoseconds = [](const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
  };
  return {status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim)};
}

/// True when `length` bytes at `offset` lie within `size`.
bool inside(std::uint64_t offset, std::uint64_t length, std::uint64_t size) {
  return offset <= size && length <= size - offset;
}

/// Throws a Refusal.
class Reader {
 public:
  Reader(std::string& bytes, ElfFacts& facts) : bytes_(bytes), facts_(facts) {}

  void read() {
    read_header();
    read_segments();
    read_dynamic();
    read_symbols();
    read_versions();
    read_notes();
  }

 private:
  void read_header() {
    if (bytes_.compare(0, SELFMAG, ELFMAG) != 0) {
      if (bytes_.rfind("!<arch>", 0) == 0) throw no_library("a static library (.a)");
      throw Refusal{"CP-P03",
                    "not an ELF shared library (" + std::to_string(bytes_.size()) + " bytes)",
                    "build it as a shared library (docs/plugin-authoring.md), or remove it"};
    }
    if (bytes_.size() < sizeof(Elf64_Ehdr)) throw incomplete();
    if (bytes_[EI_CLASS] != ELFCLASS64 || bytes_[EI_DATA] != ELFDATA2LSB) {
      throw other_machine(std::string("another kind of machine (") +
                          (bytes_[EI_CLASS] == ELFCLASS32 ? "32" : "64") + "-bit, " +
                          (bytes_[EI_DATA] == ELFDATA2MSB ? "big" : "little") + "-endian)");
    }
    ::elf_version(EV_CURRENT);
    elf_.reset(::elf_memory(bytes_.data(), bytes_.size()));
    header_ = elf_ == nullptr ? nullptr : ::elf64_getehdr(elf_.get());
    if (header_ == nullptr) throw incomplete();
    if (header_->e_machine != kMachine) throw other_machine(machine_name(header_->e_machine));
    if (header_->e_type != ET_DYN) {
      throw no_library(header_->e_type == ET_EXEC   ? "a program"
                       : header_->e_type == ET_REL  ? "an object file (.o)"
                       : header_->e_type == ET_CORE ? "a core dump"
                                                    : "an ELF file of an unknown kind");
    }
    // Sections stand at the end of a file, so a copy that was cut anywhere lacks some of them.
    const std::uint64_t sections = std::uint64_t{header_->e_shnum} * sizeof(Elf64_Shdr);
    if (!inside(header_->e_shoff, sections, bytes_.size())) throw incomplete();
    const unsigned char system = header_->e_ident[EI_OSABI];
    if (header_->e_version != EV_CURRENT || (system != ELFOSABI_SYSV && system != ELFOSABI_GNU)) {
      throw malformed("its ELF header names an unknown version or system");
    }
  }

  Refusal incomplete() const {
    return malformed("incomplete: it ends at byte " + std::to_string(bytes_.size()) +
                     ", and its headers refer to more");
  }

  void read_segments() {
    std::size_t count = 0;
    if (header_->e_phentsize != sizeof(Elf64_Phdr) || ::elf_getphdrnum(elf_.get(), &count) != 0 ||
        count == 0 || count > kMaxSegments) {
      throw malformed("its ELF program header table is malformed");
    }
    const Elf64_Phdr* table = ::elf64_getphdr(elf_.get());
    if (table == nullptr) throw incomplete();
    segments_.assign(table, table + count);
    std::uint64_t end = 0;  // of the image so far
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type == PT_INTERP) throw no_library("a program");
      if (segment.p_type == PT_GNU_RELRO) facts_.has_relro = true;
      if (segment.p_type == PT_GNU_STACK) facts_.executable_stack = (segment.p_flags & PF_X) != 0;
      check_segment(segment, end);
    }
    if (end == 0) throw malformed("nothing of it would be loaded");
    for (const Elf64_Phdr& segment : segments_) {
      if ((segment.p_type == PT_DYNAMIC || segment.p_type == PT_TLS) && segment.p_filesz > 0 &&
          !is_mapped(segment.p_vaddr, segment.p_filesz)) {
        throw malformed("one of its segments lies outside of what is loaded");
      }
    }
  }

  void check_segment(const Elf64_Phdr& segment, std::uint64_t& end) const {
    if (segment.p_type != PT_LOAD && segment.p_type != PT_DYNAMIC && segment.p_type != PT_NOTE &&
        segment.p_type != PT_TLS && segment.p_type != PT_GNU_RELRO) {
      return;
    }
    if (!inside(segment.p_offset, segment.p_filesz, bytes_.size())) throw incomplete();
    if (!inside(segment.p_vaddr, segment.p_memsz, kMaxImageBytes)) {
      throw malformed("one of its segments asks for more than 4 GiB");
    }
    if (segment.p_type != PT_LOAD) return;
    const bool aligned = std::has_single_bit(segment.p_align) && segment.p_align >= kPageBytes &&
                         segment.p_align <= kMaxImageBytes &&
                         segment.p_vaddr % segment.p_align == segment.p_offset % segment.p_align;
    if (segment.p_memsz < segment.p_filesz || !aligned) {
      throw malformed("one of its segments has impossible sizes");
    }
    if (segment.p_vaddr < end) throw malformed("its segments overlap");
    end = segment.p_vaddr + segment.p_memsz;
  }

  /// True when `size` bytes at `address` lie in one mapped segment.
  bool is_mapped(std::uint64_t address, std::uint64_t size) const {
    return std::any_of(segments_.begin(), segments_.end(), [&](const Elf64_Phdr& segment) {
      return segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
             inside(address - segment.p_vaddr, size, segment.p_memsz);
    });
  }

  /// What is mapped at `address` from the file: `size` bytes, or all to the end of the segment.
  Elf_Data& at(std::uint64_t address, std::optional<std::uint64_t> size, Elf_Type type) const {
    for (const Elf64_Phdr& segment : segments_) {
      const std::uint64_t offset = address - segment.p_vaddr;
      if (segment.p_type != PT_LOAD || address < segment.p_vaddr) continue;
      if (!inside(offset, size.value_or(1), segment.p_filesz)) continue;
      Elf_Data* data =
          ::elf_getdata_rawchunk(elf_.get(), static_cast<std::int64_t>(segment.p_offset + offset),
                                 size.value_or(segment.p_filesz - offset), type);
      if (data != nullptr) return *data;
    }
    throw malformed("a table of its dynamic section is not in the file");
  }

  const std::uint32_t* words(std::uint64_t address, std::uint64_t count) const {
    return static_cast<const std::uint32_t*>(at(address, count * 4, ELF_T_WORD).d_buf);
  }

  std::optional<std::uint64_t> find(std::int64_t tag) const {
    for (const GElf_Dyn& entry : dynamic_) {
      if (entry.d_tag == tag) return entry.d_un.d_val;
    }
    return std::nullopt;
  }
  std::uint64_t value(std::int64_t tag) const { return find(tag).value_or(0); }

  std::string name(std::uint64_t offset) const {
    const std::size_t end = strings_.find('\0', offset);
    if (offset >= strings_.size() || end == std::string_view::npos) {
      throw malformed("a name lies outside of the names of its dynamic section");
    }
    return std::string(strings_.substr(offset, end - offset));
  }

  void read_dynamic() {
    const auto segment =
        std::find_if(segments_.begin(), segments_.end(),
                     [](const Elf64_Phdr& candidate) { return candidate.p_type == PT_DYNAMIC; });
    if (segment == segments_.end()) throw malformed("it has no dynamic section");
    if (segment->p_filesz > kMaxDynamicBytes) {
      throw malformed("its dynamic section has an impossible size");
    }
    // By its address, as the dynamic loader finds it.
    Elf_Data& data = at(segment->p_vaddr, segment->p_filesz, ELF_T_DYN);
    for (GElf_Dyn entry{};; dynamic_.push_back(entry)) {
      if (::gelf_getdyn(&data, static_cast<int>(dynamic_.size()), &entry) == nullptr) {
        throw malformed("its dynamic section does not end");
      }
      if (entry.d_tag == DT_NULL) break;
    }
    check_dynamic();
    const Elf_Data& strings = at(value(DT_STRTAB), value(DT_STRSZ), ELF_T_BYTE);
    strings_ = {static_cast<const char*>(strings.d_buf), strings.d_size};
    const std::uint64_t flags = value(DT_FLAGS);
    facts_.text_relocations = find(DT_TEXTREL) || (flags & DF_TEXTREL) != 0;
    facts_.bind_now =
        find(DT_BIND_NOW) || (flags & DF_BIND_NOW) != 0 || (value(DT_FLAGS_1) & DF_1_NOW) != 0;
    for (const GElf_Dyn& entry : dynamic_) {
      if (entry.d_tag == DT_NEEDED) facts_.needed.push_back(name(entry.d_un.d_val));
      if (entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH) split(name(entry.d_un.d_val));
    }
  }

  void check_dynamic() const {
    if ((value(DT_FLAGS_1) & DF_1_PIE) != 0) throw no_library("a program");
    for (const auto& [place, size] : kTables) {
      if (find(place) && !is_mapped(value(place), size == 0 ? 8 : value(size))) {
        throw malformed("a table of its dynamic section lies outside of what is loaded");
      }
    }
    if (!find(DT_SYMTAB) || value(DT_STRSZ) == 0 || (!find(DT_GNU_HASH) && !find(DT_HASH))) {
      throw malformed("its dynamic section has no symbol table");
    }
    const std::uint64_t relocations = find(DT_PLTREL).value_or(DT_RELA);
    if (find(DT_SYMENT).value_or(sizeof(Elf64_Sym)) != sizeof(Elf64_Sym) ||
        find(DT_RELAENT).value_or(sizeof(Elf64_Rela)) != sizeof(Elf64_Rela) ||
        (relocations != DT_RELA && relocations != DT_REL)) {
      throw malformed("the entries of its dynamic tables have an impossible size");
    }
  }

  void split(const std::string& paths) {
    for (std::size_t begin = 0; begin <= paths.size();) {
      const std::size_t end = std::min(paths.find(':', begin), paths.size());
      facts_.run_paths.push_back(paths.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  /// Only the hash tables tell it, and they are what the dynamic loader goes by.
  std::uint64_t symbol_count() const {
    if (find(DT_HASH)) return words(value(DT_HASH), 2)[1];
    const std::uint64_t table = value(DT_GNU_HASH);
    const std::uint32_t* head = words(table, 4);
    const std::uint64_t bucket_count = head[0];
    const std::uint64_t first = head[1];
    const std::uint64_t buckets = table + 16 + std::uint64_t{head[2]} * 8;
    if (bucket_count == 0) return first;
    const std::uint32_t* bucket = words(buckets, bucket_count);
    std::uint64_t last = *std::max_element(bucket, bucket + bucket_count);
    if (last < first) return first;
    const std::uint64_t chain = buckets + bucket_count * 4 + (last - first) * 4;
    const Elf_Data& rest = at(chain, std::nullopt, ELF_T_WORD);
    const auto* entry = static_cast<const std::uint32_t*>(rest.d_buf);
    for (std::size_t i = 0; i < rest.d_size / 4; ++i, ++last) {
      if ((entry[i] & 1U) != 0) return last + 1;
    }
    throw malformed("its symbol hash table does not end");
  }

  void read_symbols() {
    const std::uint64_t count = symbol_count();
    if (count > kMaxSymbols) throw malformed("it has more than a million symbols");
    Elf_Data& table = at(value(DT_SYMTAB), count * sizeof(Elf64_Sym), ELF_T_SYM);
    for (std::uint64_t i = 1; i < count; ++i) {
      GElf_Sym symbol{};
      ::gelf_getsym(&table, static_cast<int>(i), &symbol);
      const unsigned binding = GELF_ST_BIND(symbol.st_info);
      const unsigned visibility = GELF_ST_VISIBILITY(symbol.st_other);
      if (binding == STB_LOCAL) continue;
      if (symbol.st_shndx == SHN_UNDEF) {
        (binding == STB_WEAK ? facts_.undefined_weak : facts_.undefined)
            .push_back(name(symbol.st_name));
      } else if (visibility != STV_HIDDEN && visibility != STV_INTERNAL) {
        facts_.exported.push_back({name(symbol.st_name), GELF_ST_TYPE(symbol.st_info) == STT_FUNC,
                                   binding == STB_GNU_UNIQUE, is_mapped(symbol.st_value, 1)});
      }
    }
  }

  void read_versions() {
    if (!find(DT_VERNEED)) return;
    const Refusal damaged = malformed("its list of needed versions is damaged");
    Elf_Data& data = at(value(DT_VERNEED), std::nullopt, ELF_T_VNEED);
    const auto offset = [&](std::uint64_t place) {
      if (place >= data.d_size) throw damaged;
      return static_cast<int>(place);
    };
    std::uint64_t library = 0;
    for (std::uint64_t i = 0; i < value(DT_VERNEEDNUM); ++i) {
      GElf_Verneed need{};
      if (::gelf_getverneed(&data, offset(library), &need) == nullptr) throw damaged;
      std::uint64_t place = library + need.vn_aux;
      for (unsigned j = 0; j < need.vn_cnt; ++j) {
        GElf_Vernaux version{};
        if (facts_.versions.size() == kMaxVersions ||
            ::gelf_getvernaux(&data, offset(place), &version) == nullptr) {
          throw damaged;
        }
        facts_.versions.push_back({name(need.vn_file), name(version.vna_name)});
        place += version.vna_next;
      }
      if (need.vn_next == 0) break;
      library += need.vn_next;
    }
  }

  void read_notes() {
    for (const Elf64_Phdr& segment : segments_) {
      if (segment.p_type == PT_NOTE) take(segment.p_offset, segment.p_filesz, segment.p_align);
    }
    // Some tools that rewrite libraries lose the segment and keep the section.
    std::size_t names = 0;
    if (!facts_.notes.empty() || ::elf_getshdrstrndx(elf_.get(), &names) != 0) return;
    for (Elf_Scn* section = nullptr; (section = ::elf_nextscn(elf_.get(), section)) != nullptr;) {
      const Elf64_Shdr* header = ::elf64_getshdr(section);
      if (header == nullptr || header->sh_type == SHT_NOBITS) continue;
      const char* text = ::elf_strptr(elf_.get(), names, header->sh_name);
      if (text != nullptr && std::string_view(text) == CARTPILOT_NOTE_SECTION) {
        take(header->sh_offset, header->sh_size, header->sh_addralign);
      }
    }
  }

  void take(std::uint64_t place, std::uint64_t size, std::uint64_t alignment) {
    constexpr std::string_view kOwner(CARTPILOT_NOTE_OWNER, sizeof(CARTPILOT_NOTE_OWNER));
    if (size > kMaxNoteBytes) throw malformed("its notes are larger than 1 MiB");
    Elf_Data* data = ::elf_getdata_rawchunk(elf_.get(), static_cast<std::int64_t>(place), size,
                                            alignment == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
    if (data == nullptr) throw malformed("its notes are not in the file");
    const auto* bytes = static_cast<const char*>(data->d_buf);
    GElf_Nhdr note{};
    std::size_t owner = 0;
    std::size_t text = 0;
    for (std::size_t next = 0; (next = ::gelf_getnote(data, next, &note, &owner, &text)) > 0;) {
      if (note.n_type == CARTPILOT_NOTE_TYPE &&
          std::string_view(bytes + owner, note.n_namesz) == kOwner) {
        facts_.notes.emplace_back(bytes + text, note.n_descsz);
      }
    }
  }

  std::string& bytes_;
  ElfFacts& facts_;
  std::unique_ptr<Elf, int (*)(Elf*)> elf_{nullptr, &::elf_end};
  const Elf64_Ehdr* header_ = nullptr;
  std::vector<Elf64_Phdr> segments_;
  std::vector<GElf_Dyn> dynamic_;
  std::string_view strings_;
};

Refusal read_file(const std::filesystem::path& path, ElfFacts& facts, std::string& bytes) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return cannot_open(path, errno);
  const std::unique_ptr<const int, void (*)(const int*)> closer(
      &descriptor, [](const int* open) { ::close(*open); });
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) {
    return {"CP-P01", std::string("it cannot be examined: ") + std::strerror(errno),
            "check the file system"};
  }
  if (!S_ISREG(status.st_mode)) return not_regular(status.st_mode);
  facts.identity = identity_of(status);
  facts.mode = status.st_mode & 07777U;
  if (status.st_size > kMaxFileBytes) {
    return malformed("it is too large (" + std::to_string(status.st_size) + " bytes)");
  }
  bytes.resize(static_cast<std::size_t>(status.st_size));
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t got = ::read(descriptor, bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return malformed("it shrank while it was read");
    done += static_cast<std::size_t>(got);
  }
  return {};
}

}  // namespace

Refusal malformed(const std::string& why) { return {"CP-P06", why, "copy or build it again"}; }

bool identify(const char* path, FileIdentity& identity) {
  struct stat status {};
  if (::stat(path, &status) != 0) return false;
  identity = identity_of(status);
  return true;
}

void read_elf(std::string& bytes, ElfFacts& facts) {
  try {
    Reader(bytes, facts).read();
  } catch (const Refusal& refusal) {
    facts.refusal = refusal;
  }
}

ElfFacts read_elf(const std::filesystem::path& file) {
  ElfFacts facts;
  std::string bytes;
  facts.refusal = read_file(file, facts, bytes);
  if (!facts.refusal) read_elf(bytes, facts);
  return facts;
}

}  // namespace cartpilot::plugin
