#include "plugin/file/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "cartpilot/abi.h"
#include "cartpilot/detail/manifest_note.h"
#include "plugin/file/system_versions.h"

namespace cartpilot::plugin {
namespace {

Refusal unsafe_path(const std::string& why) {
  return {"CP-P22", why,
          "link it by library name (-lfoo) and use no RUNPATH, an absolute one, or $ORIGIN"};
}

bool is_safe_path(std::string_view entry) {
  return !entry.empty() && (entry[0] == '/' || entry == "$ORIGIN" || entry == "${ORIGIN}" ||
                            entry.rfind("$ORIGIN/", 0) == 0 || entry.rfind("${ORIGIN}/", 0) == 0);
}

Refusal judge_libraries(const ElfFacts& facts) {
  for (const std::string& name : facts.needed) {
    if (name.empty()) return malformed("the name of a library it needs is empty");
    if (name.find('/') != std::string::npos) {
      return unsafe_path(fmt::format("it needs the library \"{}\" by a path", name));
    }
  }
  for (const std::string& entry : facts.run_paths) {
    if (!is_safe_path(entry)) {
      return unsafe_path(fmt::format(
          "its RUNPATH has the entry \"{}\", so libraries would come from the current directory",
          entry));
    }
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

Refusal judge_sanitizers(const ElfFacts& facts) {
  for (const auto* names : {&facts.needed, &facts.undefined, &facts.undefined_weak}) {
    for (const std::string& name : *names) {
      const std::string_view sanitizer = sanitizer_of(name);
      if (sanitizer.empty() || sanitizer == own_sanitizer()) continue;
      return {"CP-P23", fmt::format("it was built with {}, and this cartpilot was not", sanitizer),
              "build it without the sanitizer, or run it with a cartpilot built the same way"};
    }
  }
  return {};
}

Refusal judge_versions(const ElfFacts& facts) {
  for (const ElfFacts::Version& version : facts.versions) {
    const auto known = system_versions().find(version.library);
    if (known == system_versions().end() || known->second.count(version.name) != 0) continue;
    const std::string highest = highest_like(known->second, version.name);
    return {"CP-P24",
            highest.empty()
                ? fmt::format("it needs {} from {}, which this system lacks", version.name,
                              version.library)
                : fmt::format("it needs {}; this system has up to {}", version.name, highest),
            "build it on an older distribution, or link libstdc++ statically "
            "(-static-libstdc++ -static-libgcc), which a plugin may"};
  }
  return {};
}

Refusal judge_notes(const ElfFacts& facts) {
  if (facts.notes.empty()) {
    return {"CP-P18", "it is a shared library but not a cartpilot plugin: it has no manifest",
            "build it with the macros of cartpilot/plugin.h, or remove it"};
  }
  if (facts.notes.size() > 1) {
    return {"CP-P19", "it has two manifests, and nothing says which one holds",
            "use the macro once in the whole library"};
  }
  if (facts.notes.front().size() > CARTPILOT_NOTE_MAX_TEXT) {
    return {"CP-P12",
            fmt::format("its manifest has {} bytes, more than {}", facts.notes.front().size(),
                        CARTPILOT_NOTE_MAX_TEXT),
            "report it to the plugin's author"};
  }
  return {};
}

Refusal judge_entry(const ElfFacts& facts) {
  const std::string fix =
      "use CARTPILOT_PROVIDER_PLUGIN or CARTPILOT_TOOLSET_PLUGIN once, and do not hide the symbol";
  const auto entry =
      std::find_if(facts.exported.begin(), facts.exported.end(),
                   [](const ElfFacts::Symbol& symbol) { return symbol.name == CP_ENTRY_NAME; });
  if (entry == facts.exported.end()) {
    return {"CP-P09", fmt::format("it does not export {}", CP_ENTRY_NAME), fix};
  }
  if (!entry->is_function) {
    return {"CP-P09", fmt::format("its {} is data, not a function", CP_ENTRY_NAME), fix};
  }
  if (!entry->in_image) return malformed("its entry function lies outside of what is loaded");
  return {};
}

}  // namespace

Refusal examine_file(const std::filesystem::path& file, FileFacts& facts) {
  const ElfFacts elf = read_elf(file);
  facts.identity = elf.identity;
  if (elf.refusal) return elf.refusal;
  if (elf.executable_stack) {
    return {"CP-P20", "it asks for an executable stack, for the whole program",
            "link it with -Wl,-z,noexecstack"};
  }
  if (elf.text_relocations) {
    return {"CP-P21", "its code must be changed while it is loaded (text relocations)",
            "compile all of it with -fPIC"};
  }
  for (const auto judge : {judge_libraries, judge_sanitizers, judge_versions, judge_notes}) {
    if (Refusal refusal = judge(elf)) return refusal;
  }
  facts.manifest = elf.notes.front();
  return judge_entry(elf);
}

}  // namespace cartpilot::plugin
