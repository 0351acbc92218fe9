#include "commands/recordings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/outside.h"
#include "cartpilot/error.h"
#include "cli/exit_code.h"
#include "cli/interrupt.h"
#include "cli/process_guard.h"
#include "commands/recorded_state.h"
#include "record/answer_bytes.h"
#include "record/event_form.h"
#include "record/player.h"
#include "record/recorder.h"
#include "record/recording.h"
#include "store/state_db.h"
#include "terminal/output.h"
#include "text/redaction.h"

namespace cartpilot::host {

namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMaxFileBytes = 4 << 20;
constexpr const char* kHidden = "[redacted]";

/// Variables that say how something is shown, and the program's own.
bool matters(const std::string& name) {
  static const std::set<std::string> shown = {"TERM",  "COLORTERM", "NO_COLOR", "COLUMNS",
                                              "LINES", "TZ",        "LANG",     "LANGUAGE"};
  return shown.count(name) != 0 || name.rfind("LC_", 0) == 0 || name.rfind("CARTPILOT_", 0) == 0;
}

std::optional<std::string> contents(const fs::path& file) {
  std::error_code problem;
  if (!fs::is_regular_file(file, problem) || fs::file_size(file, problem) > kMaxFileBytes) {
    return std::nullopt;
  }
  std::ifstream in(file, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  return in ? std::optional(text) : std::nullopt;
}

/// The distance of local time from UTC as TZ has it, "<+0545>-05:45": a machine need not set TZ.
std::string zone_at(std::int64_t unix_ms) {
  const std::time_t now = unix_ms / 1000;
  std::tm local{};
  ::localtime_r(&now, &local);
  const long minutes = std::labs(local.tm_gmtoff) / 60;
  const bool east = local.tm_gmtoff >= 0;
  return fmt::format("<{0}{2:02}{3:02}>{1}{2:02}:{3:02}", east ? '+' : '-', east ? '-' : '+',
                     minutes / 60, minutes % 60);
}

/// Files that the command line names: they may be gone when the recording is replayed.
Json files_of(const Arguments& arguments) {
  Json files = Json::object();
  const auto add = [&](const std::string& file) {
    if (const auto text = contents(file)) files[file] = record::bytes_to_json(*text);
  };
  add(arguments.system_file);
  for (const auto& [name, value] : arguments.provider_options) add(value);
  return files;
}

/// Options of a provider may hold keys of their own.
void register_option_secrets(const Arguments& arguments) {
  for (const auto& [name, value] : arguments.provider_options) {
    if (record::is_key_name(name)) text::add_secret(value);
  }
}

/// A folder of this replay alone.
class ReplayFolder {
 public:
  ReplayFolder() {
    const char* const chosen = std::getenv("TMPDIR");
    const fs::path folder = chosen == nullptr || *chosen == '\0' ? "/tmp" : chosen;
    std::string name = (folder / "cartpilot-replay-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      throw Error(ErrorCode::kUnavailable,
                  fmt::format("a temporary folder in {} (TMPDIR) cannot be made: {}",
                              folder.string(), std::strerror(errno)));
    }
    path_ = name;
  }
  ~ReplayFolder() { remove(); }
  ReplayFolder(const ReplayFolder&) = delete;
  ReplayFolder& operator=(const ReplayFolder&) = delete;

  const fs::path& path() const { return path_; }
  void remove() const {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }

 private:
  fs::path path_;
};

const Json& data_of(const std::vector<record::Event>& events, const std::string& kind) {
  static const Json none = Json::object();
  for (const record::Event& event : events) {
    if (event.kind == kind) return event.data;
  }
  return none;
}

void set_variable(const std::string& name, const std::string& value) {
  ::setenv(name.c_str(), value.c_str(), 1);
}

/// The environment of the recorded run where it matters, and places of this replay for the state.
/// A recording may come from anybody: it chooses no folder and no file that is loaded. Keys of this
/// machine have no part in a replay.
void enter_environment(const std::vector<record::Event>& events, const ReplayFolder& folder) {
  const Json& settings = data_of(events, "settings");
  constexpr const char* kPluginPath = "CARTPILOT_PLUGIN_PATH";
  for (const auto& [name, value] : process_environment()) {
    const bool theirs = matters(name) || record::is_key_name(name);
    if (theirs && name != kPluginPath) ::unsetenv(name.c_str());
  }
  if (const std::string zone = string_or(events.front().data, "zone"); !zone.empty()) {
    set_variable("TZ", zone);
  }
  if (const auto variables = settings.find("environment"); variables != settings.end()) {
    for (const auto& [name, value] : variables->items()) {
      if (matters(name) && name != kPluginPath) set_variable(name, value.get<std::string>());
    }
  }
  const Json& plugins = data_of(events, "plugins");
  if (const auto found = plugins.find("found"); found != plugins.end()) {
    std::vector<std::string> ids;
    for (const Json& plugin : *found) ids.push_back(string_or(plugin, "id"));
    set_variable("CARTPILOT_PLUGINS",
                 ids.empty() ? "none" : fmt::format("{}", fmt::join(ids, ",")));
  }
  set_variable("CARTPILOT_API_URL", string_or(settings, "api_url", "http://localhost:8000"));
  ::unsetenv("CARTPILOT_DATABASE");
  set_variable("XDG_STATE_HOME", folder.path() / "state");
  set_variable("XDG_CONFIG_HOME", folder.path() / "config");
  ::tzset();  // localtime_r() need not look at TZ again
}

/// `file` itself while it holds what was recorded, else a copy of that.
std::string present_file(const std::string& file, const Json& files, const ReplayFolder& folder) {
  const auto found = files.find(file);
  if (found == files.end()) return file;
  const std::string recorded = record::bytes_from_json(*found);
  if (contents(file) == recorded) return file;
  // In a folder of its own: two files may have the same name.
  const fs::path copy = folder.path() / base::sha256_hex(file) / fs::path(file).filename();
  fs::create_directories(copy.parent_path());
  std::ofstream(copy, std::ios::binary) << recorded;
  return copy.string();
}

std::optional<Arguments> recorded_arguments(const Arguments& now,
                                            const std::vector<record::Event>& events,
                                            const ReplayFolder& folder) {
  std::vector<std::string> words = {"cartpilot"};
  for (const Json& word : events.front().data.at("command")) words.push_back(word);
  std::vector<const char*> pointers;
  for (const std::string& word : words) pointers.push_back(word.c_str());
  const ParsedArguments parsed =
      parse_arguments(static_cast<int>(pointers.size()), pointers.data());
  if (parsed.exit_code) return std::nullopt;
  Arguments again = parsed.arguments;
  if (again.command != "chat") {
    throw Error(ErrorCode::kInvalidArgument,
                fmt::format("{} is not of a conversation", now.replay_file));
  }
  again.record_file.clear();
  again.replay_file.clear();
  again.config_file.clear();
  again.state_database.clear();
  again.person.clear();
  again.profile.clear();
  again.plugin_files = now.plugin_files;
  again.plugin_directories = now.plugin_directories;
  again.allow_insecure_plugins = now.allow_insecure_plugins;
  again.probe = now.probe;
  again.probe_timeout = now.probe_timeout;

  const Json& settings = data_of(events, "settings");
  const std::array texts = {
      std::pair(&again.provider, "provider"),
      std::pair(&again.model, "model"),
      std::pair(&again.approve, "approve"),
      std::pair(&again.merchants, "merchants"),
      std::pair(&again.limit_order, "limit_order"),
      std::pair(&again.limit_day, "limit_day"),
      std::pair(&again.limit_session, "limit_session"),
  };
  for (const auto& [member, name] : texts) *member = string_or(settings, name, *member);
  if (settings.contains("allow_repeat")) {
    again.allow_repeat = static_cast<int>(integer_or(settings, "allow_repeat"));
  }
  if (settings.contains("max_output_tokens")) {
    again.max_output_tokens = static_cast<int>(integer_or(settings, "max_output_tokens"));
  }
  const Json& files = events.front().data.at("files");
  again.system_file = present_file(again.system_file, files, folder);
  for (auto& [name, value] : again.provider_options) value = present_file(value, files, folder);
  return again;
}

void say(const std::string& sentence) { err_line_past_tape("cartpilot: " + sentence); }

}  // namespace

Json recorded_settings(const Arguments& arguments, const Settings& settings) {
  Json environment = Json::object();
  for (const auto& [name, value] : settings.environment) {
    if (matters(name))
      environment[name] = settings.secret_variables.count(name) != 0 ? kHidden : value;
  }
  Json recorded{{"environment", environment},
                {"provider", settings.provider},
                {"model", settings.model},
                {"api_url", settings.api_url},
                {"approve", arguments.approve},
                {"merchants", arguments.merchants},
                {"limit_order", arguments.limit_order},
                {"limit_session", arguments.limit_session},
                {"limit_day", arguments.limit_day}};
  if (arguments.allow_repeat) recorded["allow_repeat"] = *arguments.allow_repeat;
  if (settings.max_output_tokens) recorded["max_output_tokens"] = *settings.max_output_tokens;
  return recorded;
}

int run_recorded(const Arguments& arguments, int (*run)(const Arguments&)) {
  register_option_secrets(arguments);
  std::optional<record::Recorder> recorder;
  const std::int64_t now = base::unix_ms_now();
  try {
    recorder.emplace(arguments.record_file, Json{{"format", record::kFormat},
                                                 {"program", CARTPILOT_VERSION},
                                                 {"recorded_unix_ms", now},
                                                 {"zone", zone_at(now)},
                                                 {"command", arguments.words},
                                                 {"files", files_of(arguments)}});
  } catch (const Error& error) {
    say(error.what());
    return kUsage;
  }
  recorder->about("state", state_to_json(arguments));
  record::set_tape(&*recorder);
  int code = kFailed;
  {
    const base::Lane main_thread("0");
    code = run(arguments);
  }
  record::set_tape(nullptr);
  if (const auto problem = recorder->finish(code)) say(*problem);
  return code;
}

int run_replay(const Arguments& arguments, int (*run)(const Arguments&)) {
  try {
    std::vector<record::Event> events = record::read_recording(arguments.replay_file);
    record::require_form(arguments.replay_file, events);
    const ReplayFolder folder;
    enter_environment(events, folder);
    const std::optional<Arguments> again = recorded_arguments(arguments, events, folder);
    if (!again) return kUsage;
    try {
      state_from_json(data_of(events, "state"), folder.path() / "state" / "cartpilot");
    } catch (const Error&) {
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("{} holds a state that no cartpilot has", arguments.replay_file));
    }
    if (arguments.check) show_nothing();
    const std::size_t count = events.size();
    record::Player player(arguments.replay_file, std::move(events),
                          [&](record::Player::End end, const std::string& sentence) {
                            const bool interrupted = Interrupt::came();
                            if (!interrupted) say(sentence);
                            folder.remove();
                            ::_exit(interrupted                            ? kInterrupted
                                    : end == record::Player::End::kDiffers ? kFailed
                                                                           : kConfiguration);
                          });
    record::set_tape(&player);
    {
      const base::Lane main_thread("0");
      player.finish(run(*again));
    }
    record::set_tape(nullptr);
    if (arguments.check) out_line_past_tape(fmt::format("the same: {} events", count));
    return report_replay_output();
  } catch (const Error& error) {
    say(error.what());
    return error.code == ErrorCode::kInvalidArgument ? kUsage : kFailed;
  } catch (const std::exception&) {  // NOLINT: the text of a library names no place in the file
    say(fmt::format("{} holds something that no recording has", arguments.replay_file));
    return kUsage;
  }
}

}  // namespace cartpilot::host
