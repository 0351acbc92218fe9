#include "commands/app_services.h"

#include <fmt/format.h>

#include <utility>

#include "base/deadline_context.h"
#include "base/private_files.h"
#include "cartpilot/error.h"
#include "cli/interrupt.h"
#include "commands/descriptor_approver.h"
#include "commands/remote_approver.h"
#include "net/url_policy.h"
#include "purchase/keys.h"
#include "terminal/approver.h"
#include "terminal/output.h"

namespace cartpilot::host {

namespace {

constexpr std::chrono::milliseconds kHealthTime{2000};

/// Plugins' levels: 0 debug to 3 error.
int log_threshold(const std::string& word) {
  return word == "debug" ? 0 : word == "info" ? 1 : word == "warning" ? 2 : 3;
}

/// For --new-journal. A record that is whole stays as it is.
void start_new_record(purchase::PurchaseJournal& journal) {
  const auto aside = journal.start_anew();
  err_line(aside
               ? fmt::format("cartpilot: a new record of purchases was started; the old one is "
                             "kept in the table {} of the state database",
                             *aside)
               : "cartpilot: the record of purchases is intact, so --new-journal changed nothing");
}

}  // namespace

AppServices::AppServices(const Arguments& arguments)
    : arguments_(arguments), settings_(read_settings(arguments)) {}

AppServices::~AppServices() {
  if (plugins_) plugins_->shutdown();
}

net::HttpClient& AppServices::http() {
  if (!http_) {
    net::HttpClientOptions options;
    options.user_agent = std::string("cartpilot/") + CARTPILOT_VERSION;
    http_ = std::make_unique<net::HttpClient>(options);
  }
  return *http_;
}

plugin::PluginHost& AppServices::plugins() {
  if (!plugins_) {
    const int threshold = log_threshold(arguments_.log_level);
    plugins_ = std::make_unique<plugin::PluginHost>(
        settings_.plugins, http(),
        [threshold](int level, std::string_view source, std::string_view line) {
          if (level >= threshold) err_line(fmt::format("{}: {}", source, line));
        });
    show_plugin_notices();
  }
  return *plugins_;
}

void AppServices::show_plugin_notices() {
  const std::vector<std::string> notices = plugins_->notices();
  for (; notices_shown_ < notices.size(); ++notices_shown_) {
    err_line("cartpilot: " + notices[notices_shown_]);
  }
}

store::StateDb& AppServices::state() {
  if (!state_) {
    base::make_own_folder(settings_.state_directory);  // a failure shows when the file is opened
    state_ = std::make_unique<store::StateDb>(settings_.state_directory / store::StateDb::kFile);
  }
  return *state_;
}

store::SessionStore& AppServices::sessions() {
  if (!sessions_) sessions_ = std::make_unique<store::SessionStore>(state());
  return *sessions_;
}

purchase::PurchaseJournal& AppServices::journal() {
  if (!journal_) {
    journal_ = std::make_unique<purchase::PurchaseJournal>(state());
  }
  return *journal_;
}

std::string AppServices::provider_name() const {
  if (!settings_.provider.empty()) return settings_.provider;
  Error error(ErrorCode::kNotFound,
              "no provider was named; pass --provider gemini, openai or offline (or set "
              "CARTPILOT_PROVIDER), or try "
              "'cartpilot chat --demo'");
  error.reason = "no_provider";
  throw error;
}

std::unique_ptr<plugin::PluginProvider> AppServices::make_provider(const std::string& name) {
  auto provider = plugins().make_provider(name, settings_.environment, arguments_.provider_options);
  show_plugin_notices();
  return provider;
}

std::vector<plugin::PluginHost::NamedToolSet> AppServices::make_tool_sets() {
  auto tool_sets = plugins().make_tool_sets(settings_.environment);
  show_plugin_notices();
  return tool_sets;
}

store::SessionLock AppServices::lock_session(const std::string& session_id) {
  base::make_own_folder(settings_.state_directory);  // a failure shows when the file is opened
  return store::SessionLock(settings_.state_directory / "locks", session_id, arguments_.command);
}

void AppServices::start_sandbox() {
  base::make_own_folder(settings_.state_directory);
  sandbox::SandboxOptions options;
  options.db_path = (settings_.state_directory / "sandbox.db").string();
  sandbox_ = std::make_unique<sandbox::SandboxServer>(options);
  api_url_ = sandbox_->url();
  settings_.api_key = options.api_key;
  sandbox_id_ = sandbox_->id();
}

const std::string& AppServices::api_url() {
  if (api_url_.empty()) {
    if (arguments_.demo || arguments_.sandbox) {
      if (!arguments_.api_url.empty()) {
        throw Error(ErrorCode::kInvalidArgument,
                    "--api-url and --sandbox name two different CartPilots; give one");
      }
      start_sandbox();
    } else {
      api_url_ = settings_.api_url;
    }
  }
  return api_url_;
}

commerce::ClientOptions AppServices::client_options() {
  commerce::ClientOptions options;
  options.base_url = api_url();
  options.api_key = settings_.api_key;
  options.sandbox_id = sandbox_id_;
  return options;
}

const commerce::CartPilotIdentity& AppServices::identity() {
  if (identity_) return *identity_;
  commerce::ClientOptions options = client_options();
  if (!sandbox_) {
    options.read_retries.max_attempts = 1;
    const commerce::CartPilotClient client(options, http());
    if (net::parse_target(client.options().base_url).loopback) {
      try {
        sandbox_id_ = client.health(base::DeadlineContext(Interrupt(), kHealthTime)).sandbox_id;
      } catch (const commerce::CartPilotError&) {  // NOLINT: what cannot be asked counts as real
      }
    }
    options = client_options();
    options.base_url = client.options().base_url;
  }
  identity_ = purchase::identity_of(options, journal().install_secret());
  return *identity_;
}

void AppServices::require_cartpilot_of(const std::string& session_id) {
  const auto earlier = sessions().find(session_id);
  const auto home = commerce::CartPilotIdentity::from_text(earlier ? earlier->cartpilot : "");
  const bool named = arguments_.demo || arguments_.sandbox || !arguments_.api_url.empty();
  if (home.is_sandbox() && !named && home != identity()) {
    arguments_.sandbox = true;
    api_url_.clear();
    identity_.reset();
  }
  if (!home.known() || home == identity()) return;
  std::string what;
  if (home.is_sandbox() && sandbox_) {
    what = fmt::format(
        "belongs to another sandbox than the one in {}; go on with the --api-url of that sandbox",
        (settings_.state_directory / "sandbox.db").string());
  } else if (home.is_sandbox()) {
    what = fmt::format(
        "belongs to {} sandbox, and this run talks to {}; go on with --sandbox, or "
        "with the --api-url of that sandbox",
        identity().is_sandbox() ? "another" : "a", identity().shown());
  } else if (home.url() == identity().url()) {
    what = fmt::format("was made at {} with another API key; set CARTPILOT_API_KEY to that one",
                       home.shown());
  } else {
    what = fmt::format("belongs to {}, and this run talks to {}; go on with {}", home.shown(),
                       identity().shown(), home.flag());
  }
  throw Error(
      ErrorCode::kInvalidArgument,
      fmt::format("the conversation {} {}, or begin another conversation", session_id, what));
}

void AppServices::bind_session(const std::string& session_id) {
  require_cartpilot_of(session_id);
  const auto earlier = sessions().find(session_id);
  // Not written again: others may hold the lock while this conversation only reads.
  if (!earlier || earlier->cartpilot.empty()) sessions().bind(session_id, identity().text());
}

commerce::CartPilotClient& AppServices::cartpilot(const std::string& session_id) {
  if (!client_) {
    identity();  // says which sandbox is to answer
    commerce::ClientOptions options = client_options();
    options.session_id = session_id;
    client_ = std::make_unique<commerce::CartPilotClient>(options, http());
  }
  return *client_;
}

purchase::PurchasePolicy AppServices::policy() const {
  purchase::PurchasePolicy policy = purchase::parse_policy(policy_word(), arguments_.merchants);
  if (arguments_.allow_repeat) purchase::allow_repeats(policy, *arguments_.allow_repeat);
  policy.limits = purchase::parse_limits(arguments_.limit_order, arguments_.limit_session,
                                         arguments_.limit_day);
  return policy;
}

std::string AppServices::policy_word() const {
  if (!arguments_.approve.empty()) return arguments_.approve;
  // The question goes to the terminal itself, so standard input may well be a pipe.
  return has_terminal() || arguments_.approval_descriptor >= 0 ? "ask" : "never";
}

std::unique_ptr<purchase::Approver> AppServices::make_approver() {
  if (arguments_.approval_descriptor >= 0) {
    return std::make_unique<DescriptorApprover>(arguments_.approval_descriptor);
  }
  if (!has_terminal() && arguments_.approve == "ask") {
    return std::make_unique<RemoteApprover>([](const std::string& line) { err_line(line); });
  }
  return std::make_unique<TerminalApprover>(terminal_locks());
}

std::filesystem::path AppServices::terminal_locks() {
  return store::StateDb::default_path().parent_path() / "locks";
}

AppServices::Shop AppServices::make_shop(const std::string& session_id,
                                         purchase::PurchaseObserver& observer,
                                         std::vector<plugin::PluginHost::NamedToolSet> tool_sets) {
  if (std::exchange(arguments_.new_journal, false)) start_new_record(journal());
  Shop shop;
  shop.questions = std::make_unique<purchase::Questions>(state());
  shop.approver = make_approver();
  commerce::CartPilotClient& client = cartpilot(session_id);
  shop.gate = std::make_unique<purchase::PurchaseGate>(
      client, journal(), policy(), *shop.questions, *shop.approver, observer, session_id,
      purchase::GateClock{}, Interrupt::interrupted_twice);
  shop.tools = std::make_unique<commerce::CartPilotTools>(client);
  shop.money_guard = std::make_unique<PluginMoneyGuard>(*shop.gate, *shop.questions, *shop.approver,
                                                        session_id, policy_word() == "ask");
  shop.router = std::make_unique<chat::ToolRouter>(*shop.money_guard);
  shop.router->add(*shop.tools, "cartpilot", true);
  shop.plugin_tools = std::move(tool_sets);
  for (const std::string& warning : add_plugin_tools(shop.plugin_tools, arguments_.money_plugins,
                                                     *shop.money_guard, *shop.router)) {
    err_line("cartpilot: " + warning);
  }
  return shop;
}

}  // namespace cartpilot::host
