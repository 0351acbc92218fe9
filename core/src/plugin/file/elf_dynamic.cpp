#include "plugin/file/elf_dynamic.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace cartpilot::plugin {
namespace {

constexpr std::uint64_t kMaxDynamicBytes = 64 * 1024;
constexpr std::uint64_t kMaxStringBytes = 64ULL << 20;
constexpr std::uint64_t kPositionIndependentProgram = 0x08000000;  // DF_1_PIE

/// Tables whose place and size are told by two entries.
struct Range {
  std::int64_t place;
  std::int64_t size;
};
constexpr std::array<Range, 6> kRanges = {{{DT_RELA, DT_RELASZ},
                                           {DT_REL, DT_RELSZ},
                                           {DT_JMPREL, DT_PLTRELSZ},
                                           {DT_INIT_ARRAY, DT_INIT_ARRAYSZ},
                                           {DT_FINI_ARRAY, DT_FINI_ARRAYSZ},
                                           {DT_STRTAB, DT_STRSZ}}};
/// Places whose size is not told; at least the smallest thing must be there.
constexpr std::array<std::int64_t, 9> kPlaces = {
    DT_SYMTAB, DT_HASH, DT_GNU_HASH, DT_VERSYM, DT_VERNEED, DT_VERDEF, DT_INIT, DT_FINI, DT_PLTGOT};

Refusal judge_places(const ElfFile& file, const DynamicTable& table) {
  for (const Range& range : kRanges) {
    const std::uint64_t size = table.value(range.size);
    if (table.has(range.place) && size > 0 && !file.is_mapped(table.value(range.place), size)) {
      return malformed("a table of its dynamic section lies outside of what is loaded");
    }
  }
  for (const std::int64_t tag : kPlaces) {
    if (table.has(tag) && !file.is_mapped(table.value(tag), 8)) {
      return malformed("an address in its dynamic section lies outside of what is loaded");
    }
  }
  if (!table.has(DT_SYMTAB) || (!table.has(DT_GNU_HASH) && !table.has(DT_HASH))) {
    return malformed("its dynamic section has no symbol table");
  }
  if (table.has(DT_SYMENT) && table.value(DT_SYMENT) != sizeof(Elf64_Sym)) {
    return malformed("the symbols of its dynamic section have an impossible size");
  }
  if ((table.has(DT_RELAENT) && table.value(DT_RELAENT) != sizeof(Elf64_Rela)) ||
      (table.has(DT_PLTREL) && table.value(DT_PLTREL) != DT_RELA &&
       table.value(DT_PLTREL) != DT_REL)) {
    return malformed("the relocations of its dynamic section have an impossible size");
  }
  return {};
}

Refusal unsafe_path(const std::string& why) {
  return {"CP-P22", why,
          "link it by library name (-lfoo) and use no RUNPATH, an absolute one, or $ORIGIN"};
}

bool is_safe_path(std::string_view entry) {
  return !entry.empty() && (entry[0] == '/' || entry == "$ORIGIN" || entry == "${ORIGIN}" ||
                            entry.rfind("$ORIGIN/", 0) == 0 || entry.rfind("${ORIGIN}/", 0) == 0);
}

Refusal judge_search_path(std::string_view list) {
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(':', begin), list.size());
    const std::string_view entry = list.substr(begin, end - begin);
    if (!is_safe_path(entry)) {
      return unsafe_path(fmt::format(
          "its RUNPATH has the entry \"{}\", so libraries would come from the current directory",
          entry));
    }
    begin = end + 1;
  }
  return {};
}

/// The sanitizer runtime a library or symbol belongs to; "" = none that must match the program's.
std::string_view sanitizer_of(std::string_view name) {
  for (const auto& [part, sanitizer] :
       {std::pair<std::string_view, std::string_view>{"libasan.", "AddressSanitizer"},
        {"clang_rt.asan", "AddressSanitizer"},
        {"__asan_init", "AddressSanitizer"},
        {"libtsan.", "ThreadSanitizer"},
        {"clang_rt.tsan", "ThreadSanitizer"},
        {"__tsan_init", "ThreadSanitizer"},
        {"liblsan.", "LeakSanitizer"},
        {"clang_rt.msan", "MemorySanitizer"},
        {"__msan_init", "MemorySanitizer"}}) {
    if (name.find(part) != std::string_view::npos) return sanitizer;
  }
  return "";
}

constexpr std::string_view own_sanitizer() {
#if defined(__SANITIZE_ADDRESS__)
  return "AddressSanitizer";
#elif defined(__SANITIZE_THREAD__)
  return "ThreadSanitizer";
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
  return "AddressSanitizer";
#elif __has_feature(thread_sanitizer)
  return "ThreadSanitizer";
#elif __has_feature(memory_sanitizer)
  return "MemorySanitizer";
#else
  return "";
#endif
#else
  return "";
#endif
}

Refusal judge_sanitizer(std::string_view name) {
  const std::string_view sanitizer = sanitizer_of(name);
  if (sanitizer.empty() || sanitizer == own_sanitizer()) return {};
  return {"CP-P23", fmt::format("it was built with {}, and this cartpilot was not", sanitizer),
          "build it without the sanitizer, or run it with a cartpilot built the same way"};
}

}  // namespace

std::uint64_t DynamicTable::value(std::int64_t tag) const {
  for (const Elf64_Dyn& entry : entries) {
    if (entry.d_tag == tag) return entry.d_un.d_val;
  }
  return 0;
}

bool DynamicTable::has(std::int64_t tag) const {
  return std::any_of(entries.begin(), entries.end(),
                     [tag](const Elf64_Dyn& entry) { return entry.d_tag == tag; });
}

std::string_view DynamicTable::text(std::uint64_t offset) const {
  if (offset >= strings.size()) return "";
  const std::size_t end = strings.find('\0', static_cast<std::size_t>(offset));
  if (end == std::string::npos) return "";
  return std::string_view(strings).substr(static_cast<std::size_t>(offset),
                                          end - static_cast<std::size_t>(offset));
}

Refusal read_dynamic(const ElfFile& file, DynamicTable& table) {
  const Elf64_Phdr* segment = file.segment(PT_DYNAMIC);
  if (segment == nullptr) return malformed("it has no dynamic section");
  if (segment->p_filesz > kMaxDynamicBytes || segment->p_filesz < sizeof(Elf64_Dyn)) {
    return malformed("its dynamic section has an impossible size");
  }
  // The dynamic loader goes by the address, so that is what must be looked at.
  const auto offset = file.offset_of(segment->p_vaddr, segment->p_filesz);
  if (!offset) return malformed("its dynamic section is not in the file");
  const std::string raw = file.bytes(*offset, segment->p_filesz);
  for (std::size_t at = 0; at + sizeof(Elf64_Dyn) <= raw.size(); at += sizeof(Elf64_Dyn)) {
    Elf64_Dyn entry;
    std::memcpy(&entry, raw.data() + at, sizeof(entry));
    if (entry.d_tag == DT_NULL) break;
    table.entries.push_back(entry);
    if (at + 2 * sizeof(Elf64_Dyn) > raw.size()) {
      return malformed("its dynamic section does not end");
    }
  }
  const std::uint64_t size = table.value(DT_STRSZ);
  const auto place = file.offset_of(table.value(DT_STRTAB), size);
  if (!table.has(DT_STRTAB) || size == 0 || size > kMaxStringBytes || !place) {
    return malformed("the names of its dynamic section are not in the file");
  }
  table.strings = file.bytes(*place, size);
  if (table.strings.empty()) return malformed("it shrank while it was read");
  return judge_places(file, table);
}

Refusal judge_dynamic(const ElfFile& file, const DynamicTable& table) {
  if ((table.value(DT_FLAGS_1) & kPositionIndependentProgram) != 0 ||
      file.segment(PT_INTERP) != nullptr) {
    return {"CP-P05", "it is a program, not a plugin", "link it with -shared"};
  }
  const Elf64_Phdr* stack = file.segment(PT_GNU_STACK);
  if (stack == nullptr || (stack->p_flags & PF_X) != 0) {
    return {"CP-P20", "it asks for an executable stack, for the whole program",
            "link it with -Wl,-z,noexecstack"};
  }
  if (table.has(DT_TEXTREL) || (table.value(DT_FLAGS) & DF_TEXTREL) != 0) {
    return {"CP-P21", "its code must be changed while it is loaded (text relocations)",
            "compile all of it with -fPIC"};
  }
  for (const Elf64_Dyn& entry : table.entries) {
    const std::string_view text = table.text(entry.d_un.d_val);
    Refusal refusal;
    if (entry.d_tag == DT_NEEDED) {
      if (text.empty()) return malformed("the name of a library it needs is not in the file");
      if (text.find('/') != std::string_view::npos) {
        return unsafe_path(fmt::format("it needs the library \"{}\" by a path", text));
      }
      refusal = judge_sanitizer(text);
    } else if (entry.d_tag == DT_RUNPATH || entry.d_tag == DT_RPATH) {
      refusal = judge_search_path(text);
    }
    if (refusal) return refusal;
  }
  for (const std::string_view name : wanted_symbols(file, table)) {
    if (Refusal refusal = judge_sanitizer(name)) return refusal;
  }
  return judge_versions(file, table);
}

}  // namespace cartpilot::plugin
