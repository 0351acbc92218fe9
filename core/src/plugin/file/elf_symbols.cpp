// Symbols and versions of a plugin file; see elf_dynamic.h.
#include <fmt/format.h>
#include <link.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "cartpilot/abi.h"
#include "plugin/file/elf_dynamic.h"

namespace cartpilot::plugin {
namespace {

constexpr std::size_t kMaxWanted = 65536;    // undefined symbols looked at
constexpr std::size_t kMaxChain = 1U << 20;  // symbols of one hash bucket
constexpr std::size_t kMaxVersions = 4096;   // needed versions looked at

template <class Value>
bool read_at(const ElfFile& file, std::uint64_t address, Value& value) {
  const auto offset = file.offset_of(address, sizeof(value));
  return offset && file.read(&value, sizeof(value), *offset) == sizeof(value);
}

struct GnuHashHeader {
  std::uint32_t buckets;
  std::uint32_t first_symbol;
  std::uint32_t bloom_words;
  std::uint32_t bloom_shift;
};

std::uint32_t gnu_hash(std::string_view name) {
  std::uint32_t hash = 5381;
  for (const char c : name) hash = hash * 33 + static_cast<unsigned char>(c);
  return hash;
}

/// Looks a defined symbol up the way the dynamic loader does. False when it is not there.
class SymbolSearch {
 public:
  SymbolSearch(const ElfFile& file, const DynamicTable& table) : file_(file), table_(table) {}

  bool find(std::string_view name, Elf64_Sym& found) const {
    return table_.has(DT_GNU_HASH) ? find_gnu(name, found) : find_sysv(name, found);
  }

 private:
  bool is(std::uint64_t index, std::string_view name, Elf64_Sym& found) const {
    Elf64_Sym symbol;
    if (!read_at(file_, table_.value(DT_SYMTAB) + index * sizeof(symbol), symbol)) return false;
    if (table_.text(symbol.st_name) != name) return false;
    found = symbol;
    return true;
  }

  bool find_gnu(std::string_view name, Elf64_Sym& found) const {
    const std::uint64_t base = table_.value(DT_GNU_HASH);
    GnuHashHeader header;
    if (!read_at(file_, base, header) || header.buckets == 0) return false;
    const std::uint32_t hash = gnu_hash(name);
    const std::uint64_t buckets = base + sizeof(header) + 8ULL * header.bloom_words;
    const std::uint64_t chains = buckets + 4ULL * header.buckets;
    std::uint32_t index = 0;
    if (!read_at(file_, buckets + 4ULL * (hash % header.buckets), index) ||
        index < header.first_symbol) {
      return false;
    }
    for (std::size_t steps = 0; steps < kMaxChain; ++steps, ++index) {
      std::uint32_t entry = 0;
      if (!read_at(file_, chains + 4ULL * (index - header.first_symbol), entry)) return false;
      if ((entry | 1U) == (hash | 1U) && is(index, name, found)) return true;
      if ((entry & 1U) != 0) return false;
    }
    return false;
  }

  bool find_sysv(std::string_view name, Elf64_Sym& found) const {
    const std::uint64_t base = table_.value(DT_HASH);
    std::uint32_t counts[2];  // buckets, symbols
    if (!read_at(file_, base, counts)) return false;
    for (std::uint32_t index = 0; index < std::min<std::uint32_t>(counts[1], kMaxChain); ++index) {
      if (is(index, name, found)) return true;
    }
    return false;
  }

  const ElfFile& file_;
  const DynamicTable& table_;
};

/// Version names a library in this process defines.
std::set<std::string> defined_versions(const dl_phdr_info& info) {
  const ElfW(Dyn)* dynamic = nullptr;
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    if (info.dlpi_phdr[i].p_type == PT_DYNAMIC) {
      dynamic = reinterpret_cast<const ElfW(Dyn)*>(info.dlpi_addr + info.dlpi_phdr[i].p_vaddr);
    }
  }
  std::uintptr_t definitions = 0;
  std::uintptr_t strings = 0;
  for (; dynamic != nullptr && dynamic->d_tag != DT_NULL; ++dynamic) {
    if (dynamic->d_tag == DT_VERDEF) definitions = dynamic->d_un.d_ptr;
    if (dynamic->d_tag == DT_STRTAB) strings = dynamic->d_un.d_ptr;
  }
  std::set<std::string> names;
  if (definitions == 0 || strings == 0) return names;
  // The dynamic loader makes some of these addresses absolute, in place, and leaves others.
  if (definitions < info.dlpi_addr) definitions += info.dlpi_addr;
  if (strings < info.dlpi_addr) strings += info.dlpi_addr;
  for (const char* place = reinterpret_cast<const char*>(definitions);;) {
    const auto* definition = reinterpret_cast<const ElfW(Verdef)*>(place);
    const auto* name = reinterpret_cast<const ElfW(Verdaux)*>(place + definition->vd_aux);
    names.insert(reinterpret_cast<const char*>(strings) + name->vda_name);
    if (definition->vd_next == 0) return names;
    place += definition->vd_next;
  }
}

/// File name -> versions, of every library in this process; asked once, it does not change for
/// those that matter.
const std::map<std::string, std::set<std::string>>& system_versions() {
  static const auto versions = [] {
    std::map<std::string, std::set<std::string>> result;
    ::dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* target) {
          const std::string path = info->dlpi_name == nullptr ? "" : info->dlpi_name;
          const std::string name = path.substr(path.rfind('/') + 1);
          for (const char* library :
               {"libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1"}) {
            if (name == library) {
              (*static_cast<std::map<std::string, std::set<std::string>>*>(target))[name] =
                  defined_versions(*info);
            }
          }
          return 0;
        },
        &result);
    return result;
  }();
  return versions;
}

/// "GLIBCXX_3.4.30": the highest of the same family.
std::string highest_like(const std::set<std::string>& versions, const std::string& wanted) {
  const std::string family = wanted.substr(0, wanted.find('_') + 1);
  const auto numbers = [&](const std::string& version) {
    std::vector<int> parts;
    for (std::size_t at = family.size(); at < version.size();) {
      if (version[at] < '0' || version[at] > '9') return std::vector<int>();
      int number = 0;
      while (at < version.size() && version[at] >= '0' && version[at] <= '9') {
        number = number * 10 + (version[at++] - '0');
      }
      parts.push_back(number);
      if (at < version.size()) ++at;
    }
    return parts;
  };
  std::string highest;
  for (const std::string& version : versions) {
    if (version.rfind(family, 0) != 0) continue;
    if (highest.empty() || numbers(version) > numbers(highest)) highest = version;
  }
  return highest;
}

}  // namespace

Refusal judge_entry(const ElfFile& file, const DynamicTable& table) {
  const std::string fix =
      "use CARTPILOT_PROVIDER_PLUGIN or CARTPILOT_TOOLSET_PLUGIN once, and do not hide the symbol";
  Elf64_Sym symbol;
  if (!SymbolSearch(file, table).find(CP_ENTRY_NAME, symbol) || symbol.st_shndx == SHN_UNDEF ||
      ELF64_ST_VISIBILITY(symbol.st_other) == STV_HIDDEN ||
      ELF64_ST_VISIBILITY(symbol.st_other) == STV_INTERNAL) {
    return {"CP-P09", fmt::format("it does not export {}", CP_ENTRY_NAME), fix};
  }
  if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC) {
    return {"CP-P09", fmt::format("its {} is data, not a function", CP_ENTRY_NAME), fix};
  }
  if (!file.is_mapped(symbol.st_value, 1)) {
    return malformed("its entry function lies outside of what is loaded");
  }
  return {};
}

std::vector<std::string_view> wanted_symbols(const ElfFile& file, const DynamicTable& table) {
  // With a GNU hash table the symbols in front of its first one are those without a definition.
  std::vector<std::string_view> names;
  GnuHashHeader header;
  if (!table.has(DT_GNU_HASH) || !read_at(file, table.value(DT_GNU_HASH), header)) return names;
  const std::size_t count = std::min<std::size_t>(header.first_symbol, kMaxWanted);
  const auto offset = file.offset_of(table.value(DT_SYMTAB), count * sizeof(Elf64_Sym));
  if (!offset) return names;
  const std::string raw = file.bytes(*offset, count * sizeof(Elf64_Sym));
  for (std::size_t at = 0; at + sizeof(Elf64_Sym) <= raw.size(); at += sizeof(Elf64_Sym)) {
    Elf64_Sym symbol;
    std::memcpy(&symbol, raw.data() + at, sizeof(symbol));
    names.push_back(table.text(symbol.st_name));
  }
  return names;
}

Refusal judge_versions(const ElfFile& file, const DynamicTable& table) {
  if (!table.has(DT_VERNEED)) return {};
  std::uint64_t place = table.value(DT_VERNEED);
  const std::uint64_t libraries = std::min<std::uint64_t>(table.value(DT_VERNEEDNUM), kMaxVersions);
  std::size_t looked_at = 0;
  for (std::uint64_t i = 0; i < libraries; ++i) {
    Elf64_Verneed need;
    if (!read_at(file, place, need)) return malformed("its list of needed versions is damaged");
    const auto known = system_versions().find(std::string(table.text(need.vn_file)));
    std::uint64_t version_place = place + need.vn_aux;
    for (unsigned j = 0; j < need.vn_cnt; ++j) {
      Elf64_Vernaux version;
      if (++looked_at > kMaxVersions || !read_at(file, version_place, version)) {
        return malformed("its list of needed versions is damaged");
      }
      const std::string name(table.text(version.vna_name));
      if (name.empty()) return malformed("its list of needed versions is damaged");
      if (known != system_versions().end() && known->second.count(name) == 0) {
        const std::string highest = highest_like(known->second, name);
        return {
            "CP-P24",
            highest.empty()
                ? fmt::format("it needs {} from {}, which this system lacks", name, known->first)
                : fmt::format("it needs {}; this system has up to {}", name, highest),
            "build it on an older distribution, or link libstdc++ statically "
            "(-static-libstdc++ -static-libgcc), which a plugin may"};
      }
      version_place += version.vna_next;
    }
    if (need.vn_next == 0) break;
    place += need.vn_next;
  }
  return {};
}

}  // namespace cartpilot::plugin
