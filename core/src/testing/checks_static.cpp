// Checks of the file: nothing of the plugin runs (but for the search of its symbols in the
// libraries it names, which runs those libraries' start-up code in a child).
#include <dlfcn.h>
#include <gnu/libc-version.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <string_view>

#include "cartpilot/plugin.h"
#include "testing/check_subject.h"

namespace cartpilot::testing {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.size() > 500 ? text.substr(0, 500) + " ..." : text;
}

/// Exported symbols that are, or are not, shared by all libraries of a process.
std::vector<std::string> exported(const Subject& subject, bool unique) {
  std::vector<std::string> names;
  for (const plugin::ElfFacts::Symbol& symbol : subject.elf.exported) {
    if (symbol.is_unique == unique) names.push_back(symbol.name);
  }
  return names;
}

Json note_of(const Subject& subject) { return parse_json(subject.elf.notes.at(0), "manifest"); }

void manifest_schema(const Subject& subject) {
  const Json manifest = note_of(subject);
  expect(manifest.is_object(), "the manifest is no JSON object");
  expect(subject.elf.notes[0].size() <= 64 * 1024, "the manifest is larger than 64 KiB");
  expect(integer_or(manifest, "schema", 0) == 1, "manifest.schema is not 1");
  for (const char* name : {"id", "version"}) {
    expect(!string_or(manifest, name).empty(), std::string("manifest.") + name + " is missing");
  }
  expect(manifest.contains("abi") && manifest["abi"].is_object() &&
             integer_or(manifest["abi"], "epoch", 0) == CP_EPOCH,
         "manifest.abi.epoch is not " + std::to_string(CP_EPOCH));
  expect(manifest.contains("provides") && manifest["provides"].is_array() &&
             !manifest["provides"].empty(),
         "manifest.provides is missing or empty");
  for (const Json& entry : manifest["provides"]) {
    expect(entry.is_object() && !string_or(entry, "interface").empty() &&
               entry.contains("factories") && entry["factories"].is_array(),
           "manifest.provides[] needs \"interface\" and \"factories\"");
  }
  const auto is_name = [](const Json& value) {
    return value.is_string() && !value.get_ref<const std::string&>().empty();
  };
  for (const char* name : {"env", "requires"}) {
    if (!manifest.contains(name)) continue;
    const Json& list = manifest[name];
    const bool names = list.is_array() && std::all_of(list.begin(), list.end(), [&](const Json& v) {
                         // A variable that holds no key: {"name":"ACME_BASE_URL","secret":false}
                         return is_name(v) || (name == std::string_view("env") && v.is_object() &&
                                               v.contains("name") && is_name(v["name"]));
                       });
    expect(names, std::string("manifest.") + name + " is no array of names");
  }
}

/// Three numbers, then perhaps "-pre" and "+build".
bool is_semantic(std::string_view version) {
  for (int part = 0; part < 3; ++part) {
    std::size_t digits = 0;
    while (digits < version.size() && std::isdigit(static_cast<unsigned char>(version[digits]))) {
      ++digits;
    }
    if (digits == 0 || (digits > 1 && version[0] == '0')) return false;
    version.remove_prefix(digits);
    if (part == 2) break;
    if (version.empty() || version[0] != '.') return false;
    version.remove_prefix(1);
  }
  return version.empty() || ((version[0] == '-' || version[0] == '+') && version.size() > 1);
}

void no_undefined_host_symbols(const Subject& subject) {
  std::vector<void*> libraries;
  for (const std::string& name : subject.elf.needed) {
    libraries.push_back(::dlopen(name.c_str(), RTLD_LAZY | RTLD_LOCAL));
    if (libraries.back() == nullptr) skip_check(name + " could not be opened alone");
  }
  std::vector<std::string> nowhere;
  for (const std::string& symbol : subject.elf.undefined) {
    const bool found = std::any_of(libraries.begin(), libraries.end(), [&](void* library) {
      return ::dlsym(library, symbol.c_str()) != nullptr;
    });
    if (!found) nowhere.push_back(symbol);
  }
  expect(nowhere.empty(), "it uses " + joined(nowhere) +
                              ", which no library it names defines; link with -Wl,-z,defs");
}

void needed_allowlist(const Subject& subject) {
  constexpr std::array<std::string_view, 10> kEverywhere = {
      "libc.so",  "libm.so",  "libstdc++.so", "libgcc_s.so", "libpthread.so",
      "libdl.so", "librt.so", "ld-linux",     "libc++.so",   "libc++abi.so"};
  std::vector<std::string> unusual;
  for (const std::string& name : subject.elf.needed) {
    const bool known = std::any_of(kEverywhere.begin(), kEverywhere.end(), [&](auto start) {
      return name.compare(0, start.size(), start) == 0;
    });
    if (!known) unusual.push_back(name);
  }
  if (!unusual.empty()) warn_check("your users need to have " + joined(unusual));
}

void glibc_floor(const Subject& subject) {
  const auto number = [](const std::string& text) {
    const std::size_t dot = text.find('.');
    return std::strtol(text.c_str(), nullptr, 10) * 1000 +
           (dot == std::string::npos ? 0 : std::strtol(text.c_str() + dot + 1, nullptr, 10));
  };
  const std::string here = ::gnu_get_libc_version();
  const std::string prefix = "GLIBC_";
  for (const auto& [library, version] : subject.elf.versions) {
    if (version.compare(0, prefix.size(), prefix) != 0) continue;
    expect(number(version.substr(prefix.size())) <= number(here),
           "it needs " + version + "; this system has GLIBC_" + here +
               "; build it on an older distribution");
  }
}

void runpath_safe(const Subject& subject) {
  for (const std::string& path : subject.elf.run_paths) {
    expect(!path.empty() &&
               (path[0] == '/' || path.rfind("$ORIGIN", 0) == 0 || path.rfind("${ORIGIN}", 0) == 0),
           "it searches libraries in \"" + path +
               "\", relative to whatever folder the user is in; leave -rpath out or start it with "
               "$ORIGIN");
  }
  for (const std::string& name : subject.elf.needed) {
    expect(name.find('/') == std::string::npos,
           "it names the library \"" + name + "\" with a path; give that library a SONAME");
  }
}

void host_accepts(const Subject& subject) {
  if (!subject.options->host_verdict) skip_check("only the program can say");
  const std::string why = subject.options->host_verdict(subject.file);
  expect(why.empty(), "cartpilot refuses the file: " + why);
}

}  // namespace

void add_static_checks(std::vector<Check>& checks) {
  CheckList list(checks, {"elf-well-formed"}, false);
  list.add("elf-well-formed", "is a whole shared library for this machine", {},
           [](const Subject& s) { expect(!s.elf.refusal, s.elf.refusal.why); });
  list.add("file-mode", "can be changed by its owner only", [](const Subject& s) {
    expect((s.elf.mode & 0022U) == 0, "others may write to the file; chmod go-w " + s.file);
  });
  list.add("note-present", "carries its manifest as one ELF note", [](const Subject& s) {
    expect(!s.elf.notes.empty(), "it has no note of cartpilot; use the macro of plugin.h or abi.h");
    expect(s.elf.notes.size() == 1, "it has more than one note of cartpilot");
  });
  list.add("manifest-schema", "has a manifest with the right members", {"note-present"},
           manifest_schema);
  list.add("id-form", "has an id of its own, in the right form", {"manifest-schema"},
           [](const Subject& s) {
             const std::string id = string_or(note_of(s), "id");
             expect(detail::id_is_valid(id), "the id \"" + id + "\" is not 2 to 63 of a-z 0-9 . -");
             expect(id.rfind("cartpilot", 0) != 0,
                    "ids that begin with \"cartpilot\" are the program's own");
           });
  list.add("version-semver", "has a version of three numbers", {"manifest-schema"},
           [](const Subject& s) {
             const std::string version = string_or(note_of(s), "version");
             expect(is_semantic(version), "\"" + version + "\" is no semantic version (1.2.3)");
           });
  list.add(
      "exports-only-entry", "exports its entry function and nothing else", [](const Subject& s) {
        std::vector<std::string> others = exported(s, false);
        const std::size_t all = others.size();
        others.erase(std::remove(others.begin(), others.end(), CP_ENTRY_NAME), others.end());
        expect(others.size() < all, "it does not export cartpilot_plugin_entry");
        expect(others.empty(), "it also exports " + joined(others) +
                                   "; hide them with -fvisibility=hidden and the version script");
      });
  list.add("bind-now-relro", "is bound when it is loaded, with read-only relocations",
           [](const Subject& s) {
             expect(s.elf.bind_now, "it is bound lazily; link with -Wl,-z,now");
             expect(s.elf.has_relro, "its relocations stay writable; link with -Wl,-z,relro");
           });
  list.add("no-execstack", "does not ask for an executable stack", [](const Subject& s) {
    expect(!s.elf.executable_stack,
           "it would make the program's stack executable; link with -Wl,-z,noexecstack");
  });
  list.add("no-textrel", "has no relocations in its code", [](const Subject& s) {
    expect(!s.elf.text_relocations, "its code must be changed to load it; compile with -fPIC");
  });
  list.add("runpath-safe", "takes no libraries from the current folder", runpath_safe);
  list.add("needed-allowlist", "needs no library that users may lack", needed_allowlist);
  list.add("glibc-floor", "needs no newer C library than this system's", glibc_floor);
  list.add("gnu-unique-count", "has no symbols that are shared by all libraries",
           [](const Subject& s) {
             const std::vector<std::string> unique = exported(s, true);
             if (!unique.empty()) {
               warn_check(joined(unique) +
                          " would be shared with other plugins; compile with -fno-gnu-unique");
             }
           });
  list.add("size", "has less than 20 MiB", [](const Subject& s) {
    if (s.elf.identity.size > (20 << 20)) {
      warn_check("it has " + std::to_string(s.elf.identity.size >> 20) +
                 " MiB; strip -g makes it smaller");
    }
  });
  list.add("host-accepts", "is accepted by this cartpilot without running it",
           {"elf-well-formed", "file-mode", "note-present", "manifest-schema", "id-form",
            "version-semver", "no-execstack", "no-textrel", "runpath-safe", "glibc-floor"},
           host_accepts);
  checks.push_back({"no-undefined-host-symbols",
                    "takes no symbols from what the program happens to have loaded",
                    {"elf-well-formed", "glibc-floor"},
                    true,
                    no_undefined_host_symbols});
}

}  // namespace cartpilot::testing
