#include "plugin/file/file.h"

#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <string_view>

#include "cartpilot/detail/manifest_note.h"
#include "plugin/file/elf_dynamic.h"
#include "plugin/file/elf_file.h"

namespace cartpilot::plugin {
namespace {

constexpr std::uint64_t kMaxNoteBytes = 1U << 20;  // of one segment or section
constexpr std::uint64_t kMaxSections = 4096;

/// Collects the notes that are ours.
class NoteReader {
 public:
  explicit NoteReader(const ElfFile& file) : file_(file) {}

  Refusal read(std::string& manifest) {
    for (const Elf64_Phdr& segment : file_.segments()) {
      if (segment.p_type == PT_NOTE) {
        if (Refusal refusal = take(segment.p_offset, segment.p_filesz)) return refusal;
      }
    }
    // Some tools that rewrite libraries lose the segment and keep the section.
    if (!found_) {
      if (Refusal refusal = read_sections()) return refusal;
    }
    if (!found_) {
      return {"CP-P18", "it is a shared library but not a cartpilot plugin: it has no manifest",
              "build it with the macros of cartpilot/plugin.h, or remove it"};
    }
    manifest = *std::move(found_);
    return {};
  }

 private:
  Refusal take(std::uint64_t offset, std::uint64_t size) {
    if (size > kMaxNoteBytes) return malformed("its notes are larger than 1 MiB");
    const std::string raw = file_.bytes(offset, size);
    if (raw.size() != size) return malformed("its notes are not in the file");
    for (std::size_t at = 0; at + sizeof(Elf64_Nhdr) <= raw.size();) {
      Elf64_Nhdr header;
      std::memcpy(&header, raw.data() + at, sizeof(header));
      at += sizeof(header);
      const std::uint64_t name_size = CARTPILOT_NOTE_PADDED(std::uint64_t{header.n_namesz});
      const std::uint64_t text_size = CARTPILOT_NOTE_PADDED(std::uint64_t{header.n_descsz});
      // The last text may lack its padding.
      if (!inside(at, name_size, raw.size()) ||
          !inside(at + name_size, header.n_descsz, raw.size())) {
        return {};  // a foreign note of another layout; ours, if there is one, was cut
      }
      const std::string_view owner(raw.data() + at, header.n_namesz);
      if (header.n_type == CARTPILOT_NOTE_TYPE &&
          owner == std::string_view(CARTPILOT_NOTE_OWNER, sizeof(CARTPILOT_NOTE_OWNER))) {
        if (found_) {
          return {"CP-P19", "it has two manifests, and nothing says which one holds",
                  "use the macro once in the whole library"};
        }
        if (header.n_descsz > CARTPILOT_NOTE_MAX_TEXT) {
          return {"CP-P12",
                  fmt::format("its manifest has {} bytes, more than {}", header.n_descsz,
                              CARTPILOT_NOTE_MAX_TEXT),
                  "report it to the plugin's author"};
        }
        found_.emplace(raw, at + static_cast<std::size_t>(name_size), header.n_descsz);
      }
      at += static_cast<std::size_t>(name_size + text_size);
    }
    return {};
  }

  Refusal read_sections() {
    const Elf64_Ehdr& header = file_.header();
    if (header.e_shoff == 0 || header.e_shentsize != sizeof(Elf64_Shdr) ||
        header.e_shnum > kMaxSections || header.e_shstrndx >= header.e_shnum) {
      return {};
    }
    const std::string table =
        file_.bytes(header.e_shoff, std::uint64_t{header.e_shnum} * sizeof(Elf64_Shdr));
    const auto section = [&](std::size_t index) {
      Elf64_Shdr result{};
      if ((index + 1) * sizeof(result) <= table.size()) {
        std::memcpy(&result, table.data() + index * sizeof(result), sizeof(result));
      }
      return result;
    };
    const Elf64_Shdr names = section(header.e_shstrndx);
    constexpr std::string_view kName = CARTPILOT_NOTE_SECTION;
    for (std::size_t i = 0; i < header.e_shnum; ++i) {
      const Elf64_Shdr candidate = section(i);
      if (candidate.sh_type == SHT_NOBITS || candidate.sh_name > names.sh_size ||
          file_.bytes(names.sh_offset + candidate.sh_name, kName.size() + 1) !=
              std::string(kName) + '\0') {
        continue;
      }
      if (Refusal refusal = take(candidate.sh_offset, candidate.sh_size)) return refusal;
    }
    return {};
  }

  const ElfFile& file_;
  std::optional<std::string> found_;
};

}  // namespace

Refusal examine_file(const std::filesystem::path& path, FileFacts& facts) {
  ElfFile file;
  Refusal refusal = file.open(path);
  facts.identity = file.identity();
  if (refusal) return refusal;
  DynamicTable table;
  refusal = read_dynamic(file, table);
  if (!refusal) refusal = judge_dynamic(file, table);
  if (!refusal) refusal = NoteReader(file).read(facts.manifest);
  if (!refusal) refusal = judge_entry(file, table);
  return refusal;
}

}  // namespace cartpilot::plugin
