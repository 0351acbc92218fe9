#include "plugin/host/discovery.h"

#include <fmt/format.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string_view>
#include <utility>

namespace cartpilot::plugin {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "cartpilot-";
constexpr std::string_view kSuffix = ".so";
constexpr const char* kUserData = "the user's data directory";
constexpr std::size_t kMaxEntries = 1000;       // plugin files taken from one directory
constexpr std::size_t kMaxPathEntries = 10000;  // parts of CARTPILOT_PLUGIN_PATH

using Identity = std::pair<dev_t, ino_t>;

/// Why the directory cannot be searched; "" when it can.
std::string examine_directory(const fs::path& path, Identity& identity) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::strerror(errno);
  if (!S_ISDIR(status.st_mode)) return "not a directory";
  if (::access(path.c_str(), R_OK | X_OK) != 0) return std::strerror(errno);
  identity = {status.st_dev, status.st_ino};
  return "";
}

std::string environment_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool has_plugin_name(std::string_view name) {
  return name.size() > kPrefix.size() + kSuffix.size() &&
         name.substr(0, kPrefix.size()) == kPrefix &&
         name.substr(name.size() - kSuffix.size()) == kSuffix;
}

/// "gemini" of cartpilot-gemini.so; what lacks these parts keeps the rest.
std::string stem_of(std::string_view name) {
  if (name.size() > kSuffix.size() && name.substr(name.size() - kSuffix.size()) == kSuffix) {
    name.remove_suffix(kSuffix.size());
  }
  if (name.size() > kPrefix.size() && name.substr(0, kPrefix.size()) == kPrefix) {
    name.remove_prefix(kPrefix.size());
  }
  return std::string(name);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos || parts.size() >= kMaxPathEntries) return parts;
    begin = end + 1;
  }
}

/// One walk over all places.
class Search {
 public:
  Search(const SearchOptions& options, const Surroundings& surroundings)
      : options_(options), surroundings_(surroundings) {
    if (!surroundings_.secure) read_allow_list();
  }

  Discovery run() {
    if (!options_.enabled) return std::move(found_);
    for (const fs::path& file : options_.files) add_named(file);
    for (const fs::path& path : options_.directories) add_typed_directory(path);
    add_environment_path();
    for (const fs::path& path : options_.configured) add_directory(path, "plugins.paths");
    if (options_.standard_places) add_standard_places();
    collapse_notices();
    return std::move(found_);
  }

 private:
  /// Thousands of wrong entries are one mistake.
  void collapse_notices() {
    constexpr std::size_t kMaxNotices = 10;
    if (found_.notices.size() <= kMaxNotices) return;
    const std::size_t more = found_.notices.size() - kMaxNotices;
    found_.notices.resize(kMaxNotices);
    found_.notices.push_back(fmt::format("{} more entries are ignored or skipped", more));
  }

  void read_allow_list() {
    if (options_.environment_allow.empty()) return;
    allow_all_ = false;
    for (const std::string& name : split(options_.environment_allow, ',')) {
      if (name != "none") allowed_.insert(name);
    }
  }

  void notice(std::string text) { found_.notices.push_back(std::move(text)); }

  void add_named(const fs::path& file) {
    std::error_code ignored;
    const fs::path absolute = fs::absolute(file, ignored).lexically_normal();
    add_file(absolute.string(), absolute.string(), stem_of(absolute.filename().string()), true,
             false);
  }

  /// What a person types may be relative; what was written down earlier may not.
  void add_typed_directory(const fs::path& directory) {
    std::error_code ignored;
    add_directory(directory.empty() ? directory : fs::absolute(directory, ignored),
                  options_.directories_from);
  }

  void add_environment_path() {
    const std::string& list = options_.environment_path;
    if (list.empty()) return;
    if (surroundings_.secure) {
      notice("CARTPILOT_PLUGIN_PATH is ignored: the program runs with another user's rights");
      return;
    }
    for (const std::string& entry : split(list, ':')) add_directory(entry, "CARTPILOT_PLUGIN_PATH");
  }

  void add_standard_places() {
    if (!surroundings_.secure) {
      if (!surroundings_.data_home.empty() && surroundings_.data_home[0] == '/') {
        add_directory(fs::path(surroundings_.data_home) / "cartpilot/plugins", kUserData, false);
      } else if (!surroundings_.home.empty() && surroundings_.home[0] == '/') {
        add_directory(fs::path(surroundings_.home) / ".local/share/cartpilot/plugins", kUserData,
                      false);
      }
    }
    if (!surroundings_.program_directory.empty()) {
      const fs::path prefix = surroundings_.program_directory.parent_path();
      for (const std::string& library : names_in(prefix)) {
        if (library.rfind("lib", 0) == 0) {
          add_directory(prefix / library / "cartpilot/plugins", "beside the program", false, true);
        }
      }
    }
    if (!surroundings_.compiled_directory.empty()) {
      add_directory(surroundings_.compiled_directory, "where cartpilot was installed", false, true);
    }
  }

  /// Sorted bytewise. What cannot be read is empty.
  static std::vector<std::string> names_in(const fs::path& directory) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
      names.push_back(entry->path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  /// `source` says why the directory is searched; `asked` whether a person named it: then it should
  /// be there.
  void add_directory(const fs::path& directory, std::string_view source, bool asked = true,
                     bool built_in = false) {
    SearchedDirectory searched{directory, std::string(source), ""};
    if (directory.empty() || !directory.is_absolute()) {
      searched.problem = "not an absolute path";
      found_.directories.push_back(searched);
      notice(directory.empty()
                 ? fmt::format("an empty entry in {} is ignored; write the directory out", source)
                 : fmt::format("the relative entry \"{}\" in {} is ignored; write an absolute path",
                               directory.string(), source));
      return;
    }
    Identity identity;
    searched.problem = examine_directory(directory, identity);
    if (!searched.problem.empty()) {
      if (asked) {
        notice(fmt::format("plugin directory {} from {} is skipped: {}", directory.string(), source,
                           searched.problem));
      }
      found_.directories.push_back(std::move(searched));
      return;
    }
    const bool is_new = directories_.insert(identity).second;
    if (!is_new) searched.problem = "searched already under another name";
    found_.directories.push_back(std::move(searched));
    if (!is_new) return;

    std::size_t taken = 0;
    const std::string place = directory.string();
    for (const std::string& name : names_in(directory)) {
      if (!has_plugin_name(name)) continue;
      if (++taken > kMaxEntries) {
        notice(fmt::format("plugin directory {} holds more than {} plugins; the rest is ignored",
                           place, kMaxEntries));
        break;
      }
      add_file(place + (place.back() == '/' ? "" : "/") + name, place, stem_of(name), false,
               built_in);
    }
  }

  void add_file(std::string file, std::string directory, std::string stem, bool named,
                bool built_in) {
    Candidate candidate;
    // A broken link has no identity; it stays a candidate, so that loading it can say so.
    if (identify(file.c_str(), candidate.identity) &&
        !files_.insert({candidate.identity.device, candidate.identity.inode}).second) {
      return;
    }
    candidate.file = std::move(file);
    candidate.directory = std::move(directory);
    candidate.stem = std::move(stem);
    candidate.named = named;
    candidate.built_in = built_in;
    candidate.allowed = named || allow_all_ || allowed_.count(candidate.stem) != 0;
    found_.candidates.push_back(std::move(candidate));
  }

  const SearchOptions& options_;
  const Surroundings& surroundings_;
  bool allow_all_ = true;
  std::set<std::string> allowed_;
  std::set<Identity> directories_;
  std::set<Identity> files_;
  Discovery found_;
};

}  // namespace

Surroundings Surroundings::of_process() {
  Surroundings result;
  result.secure = ::getauxval(AT_SECURE) != 0;
  result.data_home = environment_variable("XDG_DATA_HOME");
  result.home = environment_variable("HOME");
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) result.program_directory = program.parent_path();
  result.compiled_directory = CARTPILOT_PLUGIN_DIR;
  return result;
}

Discovery discover(const SearchOptions& search, const Surroundings& surroundings) {
  return Search(search, surroundings).run();
}

}  // namespace cartpilot::plugin
