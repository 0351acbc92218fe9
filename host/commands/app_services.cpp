#include "commands/app_services.h"

#include <fmt/format.h>

#include <utility>

#include "cartpilot/error.h"
#include "cli/interrupt.h"
#include "parts/background_thread.h"
#include "terminal/output.h"
#include "terminal/prompt.h"

namespace cartpilot::host {

namespace {

/// Plugins' levels: 0 debug to 3 error.
int log_threshold(const std::string& word) {
  return word == "debug" ? 0 : word == "info" ? 1 : word == "warning" ? 2 : 3;
}

}  // namespace

AppServices::AppServices(const Arguments& arguments)
    : arguments_(arguments), settings_(read_settings(arguments)) {}

AppServices::~AppServices() {
  await_journal();
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

void AppServices::prepare_journal() {
  // That one is begun anew when it is needed, not for a command that is refused first.
  if (arguments_.new_journal) return;
  await_journal();
  store::StateDb::read_environment();
  preparing_ = parts::background_thread([this] {
    try {
      open_journal();
    } catch (const std::exception&) {  // NOLINT: journal() tries again and tells
    }
  });
}

void AppServices::await_journal() {
  if (preparing_.joinable()) preparing_.join();
}

store::StateDb& AppServices::state() {
  await_journal();
  return open_state();
}

store::StateDb& AppServices::open_state() {
  if (!state_) {
    state_ = std::make_unique<store::StateDb>(settings_.state_directory / store::StateDb::kFile);
  }
  return *state_;
}

store::SessionStore& AppServices::sessions() {
  await_journal();
  if (!sessions_) sessions_ = std::make_unique<store::SessionStore>(state());
  return *sessions_;
}

purchase::PurchaseJournal& AppServices::journal() {
  await_journal();
  return open_journal();
}

purchase::PurchaseJournal& AppServices::open_journal() {
  if (!journal_) {
    auto journal = std::make_unique<purchase::PurchaseJournal>(open_state());
    if (arguments_.new_journal && journal->integrity_problem()) journal->start_anew();
    journal_ = std::move(journal);
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

void AppServices::start_sandbox() {
  sandbox::SandboxOptions options;
  options.db_path = (settings_.state_directory / "sandbox.db").string();
  sandbox_ = sandbox::open_sandbox(options);
  api_url_ = sandbox_->url();
  settings_.api_key = options.api_key;
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

commerce::CartPilotClient& AppServices::cartpilot(const std::string& session_id) {
  if (!client_) {
    commerce::ClientOptions options;
    options.base_url = api_url();
    options.api_key = settings_.api_key;
    options.session_id = session_id;
    client_ = std::make_unique<commerce::CartPilotClient>(options, http());
  }
  return *client_;
}

purchase::PurchasePolicy AppServices::policy() const {
  purchase::PurchasePolicy policy = purchase::parse_policy(policy_word(), arguments_.merchants);
  policy.limits = purchase::parse_limits(arguments_.limit_order, arguments_.limit_session,
                                         arguments_.limit_day);
  return policy;
}

std::string AppServices::policy_word() const {
  if (!arguments_.approve.empty()) return arguments_.approve;
  // The question goes to the terminal itself, so standard input may well be a pipe.
  return has_terminal() ? "ask" : "never";
}

AppServices::Shop AppServices::make_shop(const std::string& session_id,
                                         purchase::PurchaseObserver& observer,
                                         std::vector<plugin::PluginHost::NamedToolSet> tool_sets) {
  Shop shop;
  shop.prompt = std::make_unique<TerminalPrompt>();
  commerce::CartPilotClient& client = cartpilot(session_id);
  shop.gate = std::make_unique<purchase::PurchaseGate>(client, journal(), policy(), *shop.prompt,
                                                       observer, session_id, purchase::GateClock{},
                                                       Interrupt::interrupted_twice);
  shop.tools = std::make_unique<commerce::CartPilotTools>(client);
  shop.money_guard = std::make_unique<PluginMoneyGuard>(*shop.gate, policy_word() == "ask");
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
