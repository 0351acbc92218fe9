#include "commands/services.h"

#include <fmt/format.h>

#include <utility>

#include "app/remote_approver.h"
#include "base/outside.h"
#include "base/private_files.h"
#include "cartpilot/error.h"
#include "cli/interrupt.h"
#include "cli/key_sources.h"
#include "cli/purchase_flags.h"
#include "commands/descriptor_approver.h"
#include "commands/recordings.h"
#include "record/tape.h"
#include "terminal/approver.h"
#include "terminal/output.h"

namespace cartpilot::host {

namespace {

/// Plugins' levels: 0 debug to 3 error.
int log_threshold(const std::string& word) {
  return word == "debug" ? 0 : word == "info" ? 1 : word == "warning" ? 2 : 3;
}

/// With the keys that the settings file names instead of holding. Only commands that talk to a
/// model or to CartPilot read them: a password manager may ask the person.
Settings with_keys(const Arguments& arguments, Settings settings) {
  const std::string& command = arguments.command;
  const bool talks = command == "chat" || command == "models" || command == "doctor" ||
                     command == "mcp" || command == "serve" || command == "tools call" ||
                     command == "tools handle" || command == "purchases explain";
  if (!talks || (record::tape() != nullptr && record::tape()->plays())) return settings;
  const SettingValues values = read_settings_file(arguments, settings.environment).values;
  std::vector<std::string> variables;
  for (const auto& [name, value] : values) {
    if (!name.starts_with("keys.")) continue;
    variables.push_back(name.substr(5, name.find('.', 5) - 5));
  }
  add_keys(values, variables, settings.environment);
  const auto key = settings.environment.find("CARTPILOT_API_KEY");
  if (key != settings.environment.end()) settings.api_key = key->second;
  return settings;
}

/// Whether the tools of other MCP servers belong to the command.
bool has_servers(const std::string& command) {
  return command == "chat" || command == "tools list" || command == "tools declarations" ||
         command == "tools call" || command == "tools handle";
}

app::AppSettings common_settings(const Arguments& arguments, const Settings& settings) {
  app::AppSettings app;
  app.state_directory = settings.state_directory;
  app.database = settings.database;
  app.person = settings.person;
  app.plugins = settings.plugins;
  app.environment = settings.environment;
  app.user_agent = std::string("cartpilot/") + CARTPILOT_VERSION;
  app.max_model_requests = arguments.max_requests;
  app.prices = settings.prices;
  app.command = arguments.command;
  app.plugin_log = [threshold = log_threshold(arguments.log_level)](
                       int level, std::string_view source, std::string_view line) {
    if (level >= threshold) err_line(fmt::format("{}: {}", source, line));
  };
  app.notice = [](const std::string& sentence) { err_line("cartpilot: " + sentence); };
  return app;
}

void announce(const purchase::ApprovalQuestion& question) {
  const std::int64_t minutes = (question.expires_unix_ms - question.created_unix_ms) / 60'000;
  err_marked(
      fmt::format("This needs your yes. On a terminal: cartpilot approve {}  "
                  "(within {} minutes)",
                  question.id, minutes));
}

}  // namespace

CommandServices::CommandServices(const Arguments& arguments, purchase::PurchaseRules rules)
    : arguments_(arguments),
      rules_(std::move(rules)),
      settings_(with_keys(arguments, read_settings(arguments))),
      telemetry_(arguments_, settings_),
      app_(app_settings()) {
  if (record::Tape* const tape = record::tape()) {
    tape->about("settings", recorded_settings(arguments_, settings_));
  }
}

CommandServices::~CommandServices() = default;

app::AppSettings CommandServices::app_settings() {
  app::AppSettings app = common_settings(arguments_, settings_);
  if (settings_.servers.empty() || !has_servers(arguments_.command)) return app;
  app.servers = settings_.servers;
  app.be_asked_about_servers = "run 'cartpilot tools list' on a terminal to be asked";
  if (has_terminal()) {
    app.ask_about_servers = [this](purchase::ApprovalQuestion question) {
      return ask_about_server(std::move(question));
    };
  }
  return app;
}

bool CommandServices::ask_about_server(purchase::ApprovalQuestion question) {
  purchase::Questions questions(state());
  TerminalApprover approver(terminal_locks());
  return purchase::ask_person(approver, questions, std::move(question), Interrupt()).state ==
         purchase::QuestionState::kApproved;
}

std::vector<std::string> CommandServices::money_plugins() const {
  std::vector<std::string> ids = arguments_.money_plugins;
  for (const mcp::ServerSettings& server : settings_.servers) {
    if (!server.money_tools.empty()) ids.push_back(app::server_plugin_id(server.name));
  }
  return ids;
}

store::StateDb& CommandServices::state() {
  if (!state_) state_ = app_.open_state();
  return *state_;
}

store::SessionStore& CommandServices::sessions() {
  if (!sessions_) sessions_ = std::make_unique<store::SessionStore>(state());
  return *sessions_;
}

purchase::PurchaseJournal& CommandServices::journal() {
  if (!journal_) journal_ = std::make_unique<purchase::PurchaseJournal>(state());
  return *journal_;
}

std::string CommandServices::provider_name() {
  return settings_.provider.empty() ? app_.chosen_provider() : settings_.provider;
}

std::unique_ptr<plugin::PluginProvider> CommandServices::make_provider(const std::string& name) {
  return app_.make_provider(name, app_.options_of(name, name, arguments_.provider_options));
}

void CommandServices::start_sandbox() {
  record::Tape* const tape = record::tape();
  if (tape != nullptr && tape->plays()) {
    const Json sandbox = tape->came("sandbox", nullptr);
    sandbox_url_ = string_or(sandbox, "url");
    sandbox_id_ = string_or(sandbox, "id");
    return;
  }
  const base::Unrecorded starting;
  base::make_own_folder(settings_.state_directory);
  sandbox::SandboxOptions options;
  options.db_path = (settings_.state_directory / "sandbox.db").string();
  sandbox_ = std::make_unique<sandbox::SandboxServer>(options);
  sandbox_url_ = sandbox_->url();
  sandbox_id_ = sandbox_->id();
}

commerce::ClientOptions CommandServices::cartpilot() {
  commerce::ClientOptions options;
  options.base_url = settings_.api_url;
  options.api_key = settings_.api_key;
  if (!arguments_.demo && !arguments_.sandbox) return options;
  if (!arguments_.api_url.empty()) {
    throw Error(ErrorCode::kInvalidArgument,
                "--api-url and --sandbox name two different CartPilots; give one");
  }
  return own_sandbox();
}

commerce::ClientOptions CommandServices::own_sandbox() {
  if (sandbox_url_.empty()) {
    start_sandbox();
    record::Tape* const tape = record::tape();
    if (tape != nullptr && !tape->plays()) {
      tape->came("sandbox", {{"url", sandbox_url_}, {"id", sandbox_id_}});
    }
  }
  commerce::ClientOptions options;
  options.base_url = sandbox_url_;
  options.api_key = sandbox::SandboxOptions().api_key;
  options.sandbox_id = sandbox_id_;
  return options;
}

app::SessionSettings CommandServices::session_settings() {
  app::SessionSettings session;
  session.cartpilot = [this] { return cartpilot(); };
  const bool named = arguments_.demo || arguments_.sandbox || !arguments_.api_url.empty();
  if (!named) session.own_sandbox = [this] { return own_sandbox(); };
  session.policy = policy();
  session.new_record = arguments_.new_journal;
  session.money_plugins = money_plugins();
  return session;
}

purchase::PurchasePolicy CommandServices::policy() const {
  purchase::PurchasePolicy policy = parse_policy(policy_word(), arguments_.merchants);
  if (arguments_.allow_repeat) allow_repeats(policy, *arguments_.allow_repeat);
  policy.rules = rules_;
  policy.dry_run = arguments_.dry_run;
  policy.limits =
      parse_limits(arguments_.limit_order, arguments_.limit_session, arguments_.limit_day);
  return policy;
}

std::string CommandServices::policy_word() const {
  if (!arguments_.approve.empty()) return arguments_.approve;
  // There may be a terminal around, but it is the client's.
  if (arguments_.command == "mcp" || arguments_.command == "serve") return "ask";
  // The question goes to the terminal itself, so standard input may well be a pipe.
  return has_terminal() || arguments_.approval_descriptor >= 0 ? "ask" : "never";
}

std::unique_ptr<purchase::Approver> CommandServices::make_approver() {
  if (arguments_.approval_descriptor >= 0) {
    return std::make_unique<DescriptorApprover>(arguments_.approval_descriptor);
  }
  if (!has_terminal() && arguments_.approve == "ask") {
    return std::make_unique<app::RemoteApprover>(announce);
  }
  return std::make_unique<TerminalApprover>(terminal_locks());
}

std::filesystem::path CommandServices::terminal_locks() {
  return store::StateDb::default_path().parent_path() / "locks";
}

}  // namespace cartpilot::host
