// plugin install and plugin remove: the person's own plugins, in the folder of their data.
//
// A file is copied first and judged where it will lie, under the rules for every plugin: nobody can
// change it between the check and the first use. What was there before is kept as NAME.so.old.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/private_files.h"
#include "cli/exit_code.h"
#include "commands/commands.h"
#include "commands/plugin/details.h"
#include "plugin/host/discovery.h"
#include "terminal/one_key.h"
#include "terminal/output.h"
#include "text/near_names.h"
#include "text/terminal_text.h"

namespace cartpilot::host {

namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMaxPluginBytes = 256U << 20;

[[noreturn]] void refuse(const std::string& message, ErrorCode code = ErrorCode::kUnavailable) {
  throw Error(code, message);
}

fs::path own_folder() {
  const plugin::Surroundings around = plugin::Surroundings::of_process();
  if (around.secure) refuse("plugins are not installed with another user's rights");
  const fs::path data = around.data_home.starts_with('/') ? fs::path(around.data_home)
                        : around.home.starts_with('/')    ? fs::path(around.home) / ".local/share"
                                                          : fs::path();
  if (data.empty()) refuse("HOME is not set, so there is no folder for your plugins");
  return data / "cartpilot" / "plugins";
}

/// By one key on the terminal; without one only --yes counts.
bool agreed(const Arguments& arguments, const std::string& question) {
  if (arguments.plugin_author.yes) return true;
  if (!is_terminal(STDIN_FILENO) || !is_terminal(STDERR_FILENO)) {
    refuse("there is no terminal to ask on; pass --yes", ErrorCode::kInvalidArgument);
  }
  return yes_key(question);
}

/// A file that disappears again unless it was kept.
class Copy {
 public:
  Copy(const fs::path& from, const fs::path& folder) {
    const int source = ::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status {};
    if (source < 0) {
      refuse(fmt::format("cannot read {}: {}", from.string(), std::strerror(errno)),
             errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable);
    }
    const bool regular = ::fstat(source, &status) == 0 && S_ISREG(status.st_mode);
    ::close(source);
    if (!regular) refuse(fmt::format("{} is no regular file", from.string()));
    if (static_cast<std::uintmax_t>(status.st_size) > kMaxPluginBytes) {
      refuse(fmt::format("{} is larger than 256 MiB", from.string()));
    }
    if (const std::error_code failed = base::make_private_folder(folder)) {
      refuse(fmt::format("cannot make {}: {}", folder.string(), failed.message()));
    }
    path_ = folder / fmt::format(".install-{}.so", ::getpid());
    std::error_code failed;
    fs::copy_file(from, path_, fs::copy_options::overwrite_existing, failed);
    if (failed) {
      refuse(fmt::format("cannot copy {} to {}: {}", from.string(), folder.string(),
                         failed.message()));
    }
    fs::permissions(path_, fs::perms::owner_all | fs::perms::group_read | fs::perms::others_read,
                    failed);
  }
  ~Copy() {
    std::error_code ignored;
    if (!kept_) fs::remove(path_, ignored);
  }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;

  const fs::path& path() const { return path_; }

  /// Moves it to `place`; what lay there is then `place`.old. Durable when it returns.
  void keep_as(const fs::path& place) {
    const auto fail = [&] {
      refuse(fmt::format("cannot write {}: {}", place.string(), std::strerror(errno)));
    };
    const int written = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (written < 0 || ::fsync(written) != 0) fail();
    ::close(written);
    const std::string old = place.string() + ".old";
    if (::rename(place.c_str(), old.c_str()) != 0 && errno != ENOENT) fail();
    if (::rename(path_.c_str(), place.c_str()) != 0) {
      ::rename(old.c_str(), place.c_str());
      fail();
    }
    kept_ = true;
  }

 private:
  fs::path path_;
  bool kept_ = false;
};

/// What is found out about the file in a process of its own.
plugin::PluginRecord examined(CommandServices& services, const fs::path& file) {
  plugin::SearchOptions search = only_file(services.settings(), file);
  if (search.probe.when == plugin::ProbeOptions::When::kFirstSight) {
    search.probe.when = plugin::ProbeOptions::When::kAlways;
  }
  plugin::PluginHost host(search, services.http());
  const std::vector<plugin::PluginRecord> records = host.inspect("", true);
  if (records.size() != 1) refuse(fmt::format("nothing is known about {}", file.string()));
  return records.front();
}

std::string list_of(const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

/// The plugin that this one would take the place of, wherever it comes from.
const plugin::PluginRecord* in_use(const std::vector<plugin::PluginRecord>& all,
                                   const std::string& id) {
  for (const plugin::PluginRecord& record : all) {
    if (record.id == id && record.status == plugin::PluginStatus::kAvailable) return &record;
  }
  return nullptr;
}

void describe(const plugin::PluginRecord& record, const std::string& file,
              const plugin::PluginRecord* present, const fs::path& place) {
  err_line(fmt::format("{} {} from {}", record.id, record.version, file));
  err_line(fmt::format("provider: {}; tools: {}; variables it asks for: {}",
                       list_of(record.providers), list_of(record.tool_sets),
                       list_of(record.environment)));
  for (const std::string& warning : record.warnings) err_line("note: " + warning);
  if (present != nullptr && present->file == place) {
    err_line(fmt::format("it replaces version {}, which is kept as {}.old", present->version,
                         place.string()));
  } else if (present != nullptr) {
    err_line(fmt::format("WARNING: it takes the place of {} {} ({}), with its keys", present->id,
                         present->version, present->file.string()));
  }
  err_line("A plugin runs with your full rights: install only what you trust.");
}

}  // namespace

int run_plugin_install(CommandServices& services) {
  const Arguments& arguments = services.arguments();
  const std::string& file = arguments.plugin_author.file;
  const fs::path folder = own_folder();
  Copy copy(file, folder);
  const plugin::PluginRecord record = examined(services, copy.path());
  if (record.status == plugin::PluginStatus::kRefused) {
    std::string why = fmt::format(
        "{}: {}{}; {}", file, record.code.empty() ? "" : record.code + " ", record.why, record.fix);
    // It was judged under the name of its copy.
    for (std::size_t at = why.find(copy.path().string()); at != std::string::npos;
         at = why.find(copy.path().string())) {
      why.replace(at, copy.path().string().size(), file);
    }
    refuse(why, ErrorCode::kUnsupported);
  }
  const fs::path place = folder / fmt::format("cartpilot-{}.so", record.id);
  const std::vector<plugin::PluginRecord> all = services.plugins().list();
  describe(record, file, in_use(all, record.id), place);
  if (!agreed(arguments, "Install it? y installs, any other key does not.")) {
    err_line("nothing was installed");
    return kFailed;
  }
  copy.keep_as(place);
  out_line(fmt::format("installed {} {} as {}", record.id, record.version, place.string()));
  if (!record.providers.empty()) {
    out_line(fmt::format("try: cartpilot chat --provider {} --sandbox", record.providers.front()));
  }
  return kOk;
}

int run_plugin_remove(CommandServices& services) {
  const Arguments& arguments = services.arguments();
  const std::string& name = arguments.name;
  const fs::path folder = own_folder();
  std::vector<std::string> own;
  const plugin::PluginRecord* other = nullptr;
  const std::vector<plugin::PluginRecord> all = services.plugins().list();
  const plugin::PluginRecord* found = nullptr;
  for (const plugin::PluginRecord& record : all) {
    const bool ours = record.file.parent_path() == folder;
    if (ours) own.push_back(record.id);
    if (record.id != name && record.file.filename() != name && record.file != name) continue;
    (ours ? found : other) = &record;
  }
  if (found == nullptr && other != nullptr) {
    refuse(fmt::format("{} lies in {} and was not installed by 'cartpilot plugin install', so it "
                       "stays; --no-plugins or CARTPILOT_PLUGINS leaves it out",
                       other->id, other->file.string()),
           ErrorCode::kUnsupported);
  }
  if (found == nullptr) {
    const auto near = text::near_names(name, own);
    refuse(fmt::format("no plugin '{}' is installed in {}{}", name, folder.string(),
                       near.empty() ? "" : "; did you mean " + near.front() + "?"),
           ErrorCode::kNotFound);
  }
  const fs::path file = found->file;
  if (!agreed(arguments, fmt::format("Remove {} {} ({})? y removes, any other key does not.",
                                     text::field(found->id), text::field(found->version),
                                     text::field(file.string())))) {
    err_line("nothing was removed");
    return kFailed;
  }
  std::error_code failed;
  fs::remove(file, failed);
  if (failed) refuse(fmt::format("cannot remove {}: {}", file.string(), failed.message()));
  out_line(fmt::format("removed {}", file.string()));
  std::error_code ignored;
  if (const fs::path old = file.string() + ".old"; fs::remove(old, ignored)) {
    out_line(fmt::format("removed {}", old.string()));
  }
  for (const plugin::PluginRecord& record : all) {
    if (record.id == found->id && &record != found &&
        record.status == plugin::PluginStatus::kShadowed) {
      out_line(fmt::format("{} is now {}", record.id, record.file.string()));
      break;
    }
  }
  return kOk;
}

}  // namespace cartpilot::host
