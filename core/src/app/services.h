// AppServices: what all conversations of a process share.
//
// The HTTP client, the plugins, the place of the state. A front end makes one, before it has
// threads, and keeps it longer than every session. Built when first asked for, so that a program
// that lists plugins opens no database. Any thread may call.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/model_spending.h"
#include "app/other_servers.h"
#include "app/request_limit.h"
#include "cost/price_table.h"
#include "net/http_client.h"
#include "plugin/host/plugins.h"
#include "store/postgres_database.h"
#include "store/session_lock.h"
#include "store/state_db.h"

namespace cartpilot::app {

struct AppSettings {
  std::filesystem::path state_directory;
  /// Where the state is when it is not in that folder, and whose it is then.
  std::optional<store::PostgresAddress> database;
  std::string person;
  plugin::SearchOptions plugins;
  /// What plugins may ask for by name.
  std::map<std::string, std::string> environment;
  std::string user_agent = "cartpilot";
  std::optional<int> max_model_requests;  ///< of the whole process; see RequestLimit
  /// What this process does ("chat"), for whoever finds a conversation taken.
  std::string command;
  /// Receives the log lines of plugins, on any thread; empty = they are dropped.
  plugin::HostServices::LogSink plugin_log;
  cost::PriceTable prices;  ///< of models
  /// MCP servers whose tools stand beside those of plugins.
  std::vector<mcp::ServerSettings> servers;
  /// See OtherServersOptions.
  std::function<bool(purchase::ApprovalQuestion)> ask_about_servers;
  std::string be_asked_about_servers;
  /// Receives what a person should know about this process (a plugin was left out), one sentence at
  /// a time, on any thread; empty = it is dropped.
  std::function<void(const std::string&)> notice;
};

class AppServices {
 public:
  explicit AppServices(AppSettings settings);
  /// Shuts the plugins down: sessions and providers are gone by then.
  ~AppServices();
  AppServices(const AppServices&) = delete;
  AppServices& operator=(const AppServices&) = delete;

  const AppSettings& settings() const { return settings_; }

  HttpTransport& http();
  plugin::PluginHost& plugins();

  /// A state database of its own, for one thread: that of the person of this process, or of
  /// `person` where the process serves many. Throws Error{kUnavailable}.
  std::unique_ptr<store::StateDb> open_state(const std::string& person = "") const;
  /// What all people of a process that serves many have in common: the tokens of their programs.
  /// As open_state().
  std::unique_ptr<store::StateDb> open_shared_state() const;
  /// What the states of all people have in common; null where each is in a file of its own.
  std::shared_ptr<store::PostgresDatabase> database() const;

  /// Holds a conversation for this process. Throws Error{kUnavailable, reason "session_open"} with
  /// who has it, which may be this process itself.
  store::SessionLock lock_session(const std::string& session_id,
                                  const std::string& person = "") const;

  /// Who answers when nobody was named: the provider whose key is the only one that is set, which
  /// is then said as a notice. Throws Error{kNotFound, reason "no_provider"} where there is none,
  /// or more than one.
  std::string chosen_provider();
  /// See options_of().
  std::map<std::string, std::string> options_of(const std::string& provider,
                                                const std::string& first,
                                                const std::map<std::string, std::string>& given);
  /// See plugin::PluginHost.
  std::unique_ptr<plugin::PluginProvider> make_provider(
      const std::string& name, const std::map<std::string, std::string>& options);
  /// The tool sets of all plugins and other servers, with instances of their own.
  std::vector<plugin::PluginHost::NamedToolSet> make_tool_sets(
      const CallContext& context = CallContext());

  void notice(const std::string& sentence) const;
  /// The same, but once for each state folder: what was told stands in its file "told".
  void notice_once(const std::string& sentence) const;

 private:
  std::filesystem::path folder_of(const std::string& person) const;
  void pass_on_plugin_notices();
  std::vector<plugin::PluginHost::NamedToolSet> server_tool_sets(const CallContext& context);
  /// Writes the plugins down, or compares them; with the mutex held.
  void pass_by_tape(plugin::PluginHost& host);

  const AppSettings settings_;
  std::map<std::string, std::string> environment_;  ///< what plugins see
  mutable std::mutex mutex_;                        ///< of what is made when first asked for
  mutable std::shared_ptr<store::PostgresDatabase> database_;
  std::unique_ptr<HttpTransport> http_;
  std::unique_ptr<SpendingGate> spending_gate_;
  std::unique_ptr<RequestLimit> request_limit_;
  std::unique_ptr<plugin::PluginHost> plugins_;
  std::size_t notices_passed_on_ = 0;
  mutable std::mutex notice_mutex_;  ///< one sentence at a time
};

}  // namespace cartpilot::app
