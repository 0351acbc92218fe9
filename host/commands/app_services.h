// AppServices: the parts a command needs, built when first asked for and torn down in the right
// order.
//
// Owns the HTTP client, the plugin host, the embedded CartPilot (with --sandbox), the state
// database and everything that stands on them. One per process; used by one thread. Commands ask
// only for what they use, so `plugin list` opens no database and `tools declarations` starts no
// server.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "chat/tool_router.h"
#include "cli/arguments.h"
#include "cli/settings.h"
#include "commands/plugin_tools.h"
#include "commerce/client.h"
#include "commerce/identity.h"
#include "commerce/tools.h"
#include "net/http_client.h"
#include "plugin/host/plugins.h"
#include "purchase/gate.h"
#include "sandbox/server.h"
#include "store/session_lock.h"
#include "store/sessions.h"
#include "store/state_db.h"

namespace cartpilot::host {

class AppServices {
 public:
  explicit AppServices(const Arguments& arguments);
  ~AppServices();
  AppServices(const AppServices&) = delete;
  AppServices& operator=(const AppServices&) = delete;

  const Arguments& arguments() const { return arguments_; }
  const Settings& settings() const { return settings_; }

  net::HttpClient& http();
  plugin::PluginHost& plugins();
  store::StateDb& state();
  store::SessionStore& sessions();
  purchase::PurchaseJournal& journal();

  /// Holds a conversation for this program. Throws Error{kUnavailable, reason "session_open"} with
  /// who has it.
  store::SessionLock lock_session(const std::string& session_id);

  /// The provider named by flag, environment or file. Throws Error{kNotFound, reason "no_provider"}
  /// when none is named.
  std::unique_ptr<plugin::PluginProvider> make_provider(const std::string& name);
  /// The name to use; same error.
  std::string provider_name() const;

  /// CartPilot's URL: the embedded server's with --sandbox (starts it), else the configured one.
  const std::string& api_url();
  commerce::CartPilotClient& cartpilot(const std::string& session_id);
  /// Which CartPilot this program talks to: the embedded sandbox, a sandbox on this machine that
  /// says so (asked once, for two seconds at most), or else a real one.
  const commerce::CartPilotIdentity& identity();
  /// A conversation that belongs to a sandbox goes back to it when no flag names another CartPilot.
  /// Throws Error{kInvalidArgument} with what to do when it belongs to another one than this run.
  /// Before the first call of cartpilot().
  void require_cartpilot_of(const std::string& session_id);
  /// The same, and makes a conversation that belongs to none yet belong to this run's.
  void bind_session(const std::string& session_id);

  /// The tool sets of all plugins.
  std::vector<plugin::PluginHost::NamedToolSet> make_tool_sets();

  /// Client, tools, gate and router for one conversation. `observer` is borrowed.
  struct Shop {
    std::unique_ptr<purchase::Questions> questions;
    std::unique_ptr<purchase::Approver> approver;
    std::unique_ptr<purchase::PurchaseGate> gate;
    std::unique_ptr<commerce::CartPilotTools> tools;
    std::unique_ptr<PluginMoneyGuard> money_guard;
    std::vector<plugin::PluginHost::NamedToolSet> plugin_tools;
    std::unique_ptr<chat::ToolRouter> router;
  };
  /// The surface this run asks on.
  std::unique_ptr<purchase::Approver> make_approver();
  /// Where the files lie by which programs on one terminal take turns.
  static std::filesystem::path terminal_locks();
  Shop make_shop(const std::string& session_id, purchase::PurchaseObserver& observer,
                 std::vector<plugin::PluginHost::NamedToolSet> tool_sets);

  /// The policy of this run; the word for it ("ask", "never", "up-to:150:USD").
  purchase::PurchasePolicy policy() const;
  std::string policy_word() const;

 private:
  void start_sandbox();
  commerce::ClientOptions client_options();
  void show_plugin_notices();

  Arguments arguments_;
  Settings settings_;
  std::unique_ptr<net::HttpClient> http_;
  std::unique_ptr<plugin::PluginHost> plugins_;
  std::size_t notices_shown_ = 0;
  std::unique_ptr<sandbox::SandboxServer> sandbox_;
  std::unique_ptr<store::StateDb> state_;
  std::unique_ptr<store::SessionStore> sessions_;
  std::unique_ptr<purchase::PurchaseJournal> journal_;
  std::unique_ptr<commerce::CartPilotClient> client_;
  std::string api_url_;
  std::string sandbox_id_;  ///< "" = a real CartPilot
  std::optional<commerce::CartPilotIdentity> identity_;
};

}  // namespace cartpilot::host
