// CommandServices: what a command works with: its arguments, the settings, the services of the
// process, and whatever only a command line has.
//
// Owns the embedded CartPilot (with --sandbox) and the commands' own connection to the state.
// Everything is built when first asked for, so that `plugin list` opens no database and `tools
// declarations` starts no server. Used by one thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/services.h"
#include "app/session.h"
#include "cli/arguments.h"
#include "cli/settings.h"
#include "commands/telemetry.h"
#include "commerce/client.h"
#include "purchase/approver.h"
#include "purchase/journal.h"
#include "sandbox/server.h"
#include "store/sessions.h"

namespace cartpilot::host {

class CommandServices {
 public:
  /// `rules`: what the person decided beforehand, for a command that may buy.
  explicit CommandServices(const Arguments& arguments, purchase::PurchaseRules rules = {});
  ~CommandServices();
  CommandServices(const CommandServices&) = delete;
  CommandServices& operator=(const CommandServices&) = delete;

  const Arguments& arguments() const { return arguments_; }
  const Settings& settings() const { return settings_; }

  const purchase::PurchaseRules& rules() const { return rules_; }

  app::AppServices& app() { return app_; }
  HttpTransport& http() { return app_.http(); }
  plugin::PluginHost& plugins() { return app_.plugins(); }

  // For commands without a conversation.
  store::StateDb& state();
  store::SessionStore& sessions();
  purchase::PurchaseJournal& journal();

  /// The provider of that name, with the options of the command line.
  std::unique_ptr<plugin::PluginProvider> make_provider(const std::string& name);
  /// The name to use: by flag, environment or file, else that of the only key. Throws
  /// Error{kNotFound, reason "no_provider"}.
  std::string provider_name();

  /// Address and account of CartPilot: the embedded server's with --sandbox (starts it), else the
  /// configured ones.
  commerce::ClientOptions cartpilot();

  /// What the flags say about a conversation that is chosen and whose model is named elsewhere.
  app::SessionSettings session_settings();

  /// Ids of those whose money functions are let in: plugins by flag, MCP servers by settings.
  std::vector<std::string> money_plugins() const;

  /// The surface this run asks on.
  std::unique_ptr<purchase::Approver> make_approver();
  /// Where the files lie by which programs on one terminal take turns.
  static std::filesystem::path terminal_locks();

  /// The policy of this run; the word for it ("ask", "never", "up-to:150:USD").
  purchase::PurchasePolicy policy() const;
  std::string policy_word() const;

 private:
  app::AppSettings app_settings();
  bool ask_about_server(purchase::ApprovalQuestion question);
  void start_sandbox();
  commerce::ClientOptions own_sandbox();

  const Arguments arguments_;
  const purchase::PurchaseRules rules_;
  const Settings settings_;
  const ProcessTelemetry telemetry_;
  app::AppServices app_;
  std::unique_ptr<sandbox::SandboxServer> sandbox_;
  std::string sandbox_url_;
  std::string sandbox_id_;
  std::unique_ptr<store::StateDb> state_;
  std::unique_ptr<store::SessionStore> sessions_;
  std::unique_ptr<purchase::PurchaseJournal> journal_;
};

}  // namespace cartpilot::host
