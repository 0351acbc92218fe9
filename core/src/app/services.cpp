#include "app/services.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "app/first_time.h"
#include "app/plugin_pins.h"
#include "app/provider_choice.h"
#include "base/digest.h"
#include "base/outside.h"
#include "base/private_files.h"
#include "record/exchanges.h"
#include "record/tape.h"

namespace cartpilot::app {

namespace {

std::string file_digest(const std::filesystem::path& file) {
  std::error_code ignored;
  const std::uintmax_t size = std::filesystem::file_size(file, ignored);
  std::string bytes(ignored ? 0 : size, '\0');
  std::ifstream in(file, std::ios::binary);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return in ? base::sha256_hex(bytes) : "";
}

}  // namespace

AppServices::AppServices(AppSettings settings)
    : settings_(std::move(settings)), environment_(settings_.environment) {}

AppServices::~AppServices() {
  if (plugins_) plugins_->shutdown();
}

HttpTransport& AppServices::http() {
  const std::lock_guard lock(mutex_);
  if (!http_) {
    net::HttpClientOptions options;
    options.user_agent = settings_.user_agent;
    http_ = record::make_transport(options);
  }
  return *http_;
}

plugin::PluginHost& AppServices::plugins() {
  HttpTransport& transport = http();
  {
    const std::lock_guard lock(mutex_);
    if (!plugins_) {
      spending_gate_ = std::make_unique<SpendingGate>(transport);
      HttpTransport* way_out = spending_gate_.get();
      if (settings_.max_model_requests) {
        request_limit_ = std::make_unique<RequestLimit>(*way_out, *settings_.max_model_requests);
        way_out = request_limit_.get();
      }
      plugins_ =
          std::make_unique<plugin::PluginHost>(settings_.plugins, *way_out, settings_.plugin_log);
      pass_by_tape(*plugins_);
    }
  }
  pass_on_plugin_notices();
  return *plugins_;
}

void AppServices::pass_by_tape(plugin::PluginHost& host) {
  record::Tape* const tape = record::tape();
  if (tape == nullptr) return;
  const base::Unrecorded looking;
  Json found = Json::array();
  for (const plugin::PluginRecord& record : host.list()) {
    if (record.status != plugin::PluginStatus::kAvailable) continue;
    const std::vector<std::string> keys = set_keys(record, settings_.environment);
    Json environment = Json::object();
    for (const std::string& name : record.environment) {
      const auto value = settings_.environment.find(name);
      if (value != settings_.environment.end()) {
        const bool key = std::find(keys.begin(), keys.end(), name) != keys.end();
        environment[name] = key ? "[redacted]" : value->second;
      }
    }
    found.push_back({{"id", record.id},
                     {"version", record.version},
                     {"sha256", file_digest(record.file)},
                     {"providers", record.providers},
                     {"tool_sets", record.tool_sets},
                     {"variables", record.environment},
                     {"environment", environment}});
  }
  const Json recorded = tape->plugins(found);
  if (!tape->plays()) return;
  // Only what a plugin that is here asks for.
  for (const Json& plugin : found) {
    for (const Json& name : plugin["variables"]) {
      environment_.erase(name.get<std::string>());
      const auto value = recorded.find(name.get<std::string>());
      if (value != recorded.end()) environment_[name.get<std::string>()] = *value;
    }
  }
}

void AppServices::pass_on_plugin_notices() {
  std::vector<std::string> fresh;
  {
    const std::lock_guard lock(mutex_);
    const std::vector<std::string> notices = plugins_->notices();
    for (; notices_passed_on_ < notices.size(); ++notices_passed_on_) {
      fresh.push_back(notices[notices_passed_on_]);
    }
  }
  for (const std::string& sentence : fresh) notice(sentence);
}

void AppServices::notice(const std::string& sentence) const {
  const std::lock_guard lock(notice_mutex_);
  if (settings_.notice) settings_.notice(sentence);
}

void AppServices::notice_once(const std::string& sentence) const {
  // A replay has another folder, and says what the recorded run said.
  if (record::tape() == nullptr && !first_time(settings_.state_directory, sentence)) return;
  notice(sentence);
}

std::shared_ptr<store::PostgresDatabase> AppServices::database() const {
  if (!settings_.database) return nullptr;
  const std::lock_guard lock(mutex_);
  if (!database_) {
    database_ = std::make_shared<store::PostgresDatabase>(*settings_.database,
                                                          settings_.state_directory / "heads");
  }
  return database_;
}

/// The folder with the files of one person.
std::filesystem::path AppServices::folder_of(const std::string& person) const {
  const std::string& whose = person.empty() ? settings_.person : person;
  if (whose.empty()) return settings_.state_directory;
  return settings_.state_directory / "people" / store::PostgresDatabase::schema_name(whose);
}

std::unique_ptr<store::StateDb> AppServices::open_state(const std::string& person) const {
  base::make_own_folder(settings_.state_directory);  // a failure shows when the file is opened
  if (auto shared = database()) {
    return std::make_unique<store::StateDb>(std::move(shared),
                                            person.empty() ? settings_.person : person);
  }
  return std::make_unique<store::StateDb>(folder_of(person) / store::StateDb::kFile);
}

std::unique_ptr<store::StateDb> AppServices::open_shared_state() const {
  if (auto shared = database()) return store::StateDb::shared(std::move(shared));
  base::make_own_folder(settings_.state_directory);  // a failure shows when the file is opened
  return std::make_unique<store::StateDb>(settings_.state_directory / store::StateDb::kFile);
}

store::SessionLock AppServices::lock_session(const std::string& session_id,
                                             const std::string& person) const {
  base::make_own_folder(settings_.state_directory);  // a failure shows when the file is opened
  if (auto shared = database()) {
    return {std::move(shared), person.empty() ? settings_.person : person, session_id,
            settings_.command};
  }
  return {folder_of(person) / "locks", session_id, settings_.command};
}

std::string AppServices::chosen_provider() {
  const std::vector<plugin::PluginRecord> found = plugins().list();
  const ChosenProvider chosen = provider_by_key(found, environment_);
  if (chosen.name.empty()) {
    Error error(ErrorCode::kNotFound, "no provider was named");
    error.reason = "no_provider";
    throw error;
  }
  notice(chosen.name + " answers, because " + chosen.key + " is set");
  return chosen.name;
}

std::map<std::string, std::string> AppServices::options_of(
    const std::string& provider, const std::string& first,
    const std::map<std::string, std::string>& given) {
  const bool dotted = std::any_of(given.begin(), given.end(), [](const auto& option) {
    return option.first.find('.') != option.first.npos;
  });
  const std::vector<std::string> known =
      dotted ? plugins().provider_names() : std::vector<std::string>();
  return app::options_of(provider, first, known, given);
}

std::unique_ptr<plugin::PluginProvider> AppServices::make_provider(
    const std::string& name, const std::map<std::string, std::string>& options) {
  plugin::PluginHost& host = plugins();
  if (record::Tape* const tape = record::tape()) tape->about("provider", {{"name", name}});
  const base::Unrecorded loading;  // a test load waits as long as it takes
  auto provider = host.make_provider(name, environment_, options);
  pass_on_plugin_notices();
  return provider;
}

std::vector<plugin::PluginHost::NamedToolSet> AppServices::server_tool_sets(
    const CallContext& context) {
  if (settings_.servers.empty()) return {};
  if (record::tape() != nullptr) {
    notice("a recording holds no tools of other MCP servers; they are left out");
    return {};
  }
  OtherServersOptions options;
  options.servers = settings_.servers;
  options.http = &http();
  options.ask = settings_.ask_about_servers;
  options.be_asked = settings_.be_asked_about_servers;
  options.notice = [this](const std::string& sentence) { notice(sentence); };
  options.log = [log = settings_.plugin_log](const std::string& server, std::string_view line) {
    constexpr int kInfo = 1;
    if (log) log(kInfo, "MCP server " + server, line);
  };
  const auto state = open_state();
  return open_other_servers(options, *state, context);
}

std::vector<plugin::PluginHost::NamedToolSet> AppServices::make_tool_sets(
    const CallContext& context) {
  plugin::PluginHost& host = plugins();
  const base::Unrecorded loading;
  auto tool_sets = host.make_tool_sets(environment_);
  pass_on_plugin_notices();
  if (!tool_sets.empty() && record::tape() == nullptr) {
    for (const std::string& change : changed_functions(tool_sets, *open_state())) notice(change);
  }
  for (auto& set : server_tool_sets(context)) tool_sets.push_back(std::move(set));
  return tool_sets;
}

}  // namespace cartpilot::app
