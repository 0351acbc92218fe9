// Checks of loading: under which circumstances it works, and what it leaves behind in the process.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include <array>
#include <chrono>
#include <clocale>
#include <cstdlib>
#include <set>

#include "testing/check_child.h"
#include "testing/check_subject.h"

extern char** environ;

namespace cartpilot::testing {
namespace {

std::set<std::string> entries_of(const char* directory) {
  std::set<std::string> names;
  DIR* listing = ::opendir(directory);
  if (listing == nullptr) return names;
  const std::string own = std::to_string(::dirfd(listing));
  while (const dirent* entry = ::readdir(listing)) {
    if (own != entry->d_name) names.insert(entry->d_name);
  }
  ::closedir(listing);
  return names;
}

/// Everything of the process that belongs to the program.
struct ProcessState {
  std::string directory;
  mode_t mask;
  std::string locale;
  std::vector<std::string> environment;
  std::vector<void*> handlers;
  std::set<std::string> descriptors;
  std::size_t threads;

  static ProcessState now() {
    ProcessState state;
    std::array<char, 4096> path{};
    if (::getcwd(path.data(), path.size()) != nullptr) state.directory = path.data();
    state.mask = ::umask(0);
    ::umask(state.mask);
    state.locale = std::setlocale(LC_ALL, nullptr);
    for (char** variable = environ; *variable != nullptr; ++variable) {
      state.environment.emplace_back(*variable);
    }
    for (int number = 1; number < 32; ++number) {
      struct sigaction action {};
      ::sigaction(number, nullptr, &action);
      state.handlers.push_back(reinterpret_cast<void*>(action.sa_handler));
    }
    state.descriptors = entries_of("/proc/self/fd");
    state.threads = entries_of("/proc/self/task").size();
    return state;
  }

  std::string changes(const ProcessState& after) const {
    std::string text;
    const auto note = [&](bool changed, const char* what) {
      if (changed) text += std::string(text.empty() ? "" : ", ") + what;
    };
    note(directory != after.directory, "the working directory");
    note(mask != after.mask, "the umask");
    note(locale != after.locale, "the locale");
    note(environment != after.environment, "the environment");
    note(handlers != after.handlers, "signal handlers");
    note(descriptors != after.descriptors, "open files");
    note(threads != after.threads, "the number of threads");
    return text;
  }
};

/// Loads and uses the plugin a little.
void load_and_greet(const Subject& subject) {
  Bench bench(subject);
  Instance instance = bench.make();
  instance.destroy();
}

void host_state_unchanged(const Subject& subject) {
  // The loader's own first uses open nothing that stays, but a locale must be set to be kept.
  const ProcessState before = ProcessState::now();
  PluginUnderTest plugin(subject.file);
  const std::string changed = before.changes(ProcessState::now());
  expect(changed.empty(), "loading it changed " + changed);
}

void no_fast_math(const Subject& subject) {
#if defined(__x86_64__)
  const unsigned before = _mm_getcsr() & ~0x3fU;
  PluginUnderTest plugin(subject.file);
  expect((_mm_getcsr() & ~0x3fU) == before,
         "loading it changed how the program rounds; do not link with -ffast-math");
#else
  (void)subject;
  skip_check("known for x86-64 only");
#endif
}

void load_time(const Subject& subject) {
  // The best of three: a busy machine is not the plugin's fault.
  std::int64_t best = INT64_MAX;
  for (int i = 0; i < 3; ++i) {
    const CheckEnd end = run_in_child(subject.options->deadline_ms, [&] {
      const auto begin = std::chrono::steady_clock::now();
      PluginUnderTest plugin(subject.file);
      const auto took = std::chrono::steady_clock::now() - begin;
      warn_check(
          std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
    });
    best = std::min<std::int64_t>(best, std::strtoll(end.message.c_str(), nullptr, 10));
  }
  if (best > 100) warn_check("loading it takes " + std::to_string(best) + " ms; 100 is a lot");
}

void load_twice(const Subject& subject) {
  const PluginUnderTest first(subject.file);
  const PluginUnderTest second(subject.file);
  expect(first.handle() == second.handle(), "the second load gave another library");
  expect(&first.plugin() == &second.plugin(),
         "the entry function returned another struct the second time");
}

void manifest_equals_note(const Subject& subject) {
  const PluginUnderTest plugin(subject.file);
  const cp_bytes manifest = plugin.plugin().manifest;
  expect(std::string_view(manifest.ptr, manifest.len) == subject.elf.notes.at(0),
         "the manifest in the code is not the one in the note");
}

void silent_on_stdout(const Subject& subject) {
  load_and_greet(subject);
  std::fflush(stdout);
  const std::string said = output_of_this_child();
  expect(said.empty(), "it printed to standard output: " + said.substr(0, 200));
}

void load_in_other_locale(const Subject& subject) {
  ::setenv("LC_ALL", "de_DE.UTF-8", 1);
  ::setenv("LANG", "de_DE.UTF-8", 1);
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"}) {
    if (std::setlocale(LC_ALL, name) != nullptr) break;
  }
  load_and_greet(subject);
}

}  // namespace

void add_load_checks(std::vector<Check>& checks) {
  CheckList list(checks, {"load-now-local"});
  list.add("load-now-local", "loads with all symbols bound and gives its struct",
           {"elf-well-formed", "glibc-floor"},
           [](const Subject& s) { PluginUnderTest plugin(s.file); });
  list.add("load-time-100ms", "loads within 100 ms", load_time);
  list.add("load-twice-same", "gives the same struct however often it is loaded", load_twice);
  list.add("manifest-equals-note", "has the same manifest in its code and in its note",
           {"load-now-local", "note-present"}, manifest_equals_note);
  list.add("load-from-other-cwd", "loads whatever the working directory is", [](const Subject& s) {
    expect(::chdir("/") == 0, "cannot change to /");
    load_and_greet(s);
  });
  list.add("load-without-home", "loads without HOME and XDG variables", [](const Subject& s) {
    ::clearenv();
    load_and_greet(s);
  });
  list.add("load-in-other-locale", "loads in a locale with another decimal point",
           load_in_other_locale);
  list.add("load-stdin-closed", "loads without a standard input", [](const Subject& s) {
    ::close(0);
    load_and_greet(s);
  });
  list.add("host-state-unchanged",
           "leaves directory, umask, locale, environment, signals, files and threads as they are",
           host_state_unchanged);
  list.add("no-fast-math-startup", "leaves floating point as it is", no_fast_math);
  list.add("silent-on-stdout", "prints nothing to standard output", silent_on_stdout);
}

}  // namespace cartpilot::testing
