#include "app/session.h"

#include <fmt/format.h>

#include <utility>

#include "app/model_instructions.h"
#include "cartpilot/error.h"

namespace cartpilot::app {

namespace {

[[noreturn]] void refuse(ErrorCode code, const char* reason, const std::string& message) {
  Error error(code, message);
  error.reason = reason;
  throw error;
}

}  // namespace

ShoppingSession::ShoppingSession(AppServices& services, SessionSettings settings,
                                 SessionSurface surface, std::unique_ptr<LLMProvider> provider)
    : services_(services),
      settings_(std::move(settings)),
      surface_(surface),
      state_(services.open_state()),
      sessions_(*state_) {
  choose(settings_.choice);
  if (settings_.model) {
    provider_ = provider
                    ? std::move(provider)
                    : services_.make_provider(provider_name_, settings_.model->provider_options);
  }
  plugin_tools_ = services_.make_tool_sets();
  if (provider_) provider_->check();
  open_shop();
  if (provider_) open_chat();
}

ShoppingSession::~ShoppingSession() = default;

/// Finds the conversation and holds it.
void ShoppingSession::choose(const SessionChoice& choice) {
  using Kind = SessionChoice::Kind;
  std::optional<store::SessionSummary> earlier;
  if (choice.kind == Kind::kNewest) {
    const auto all = sessions_.list();
    if (all.empty()) {
      throw Error(ErrorCode::kInvalidArgument, "there is no conversation to continue yet");
    }
    earlier = all.front();
  } else if (choice.kind != Kind::kNew) {
    earlier = sessions_.find(choice.id);
    if (!earlier && choice.kind == Kind::kEarlier) {
      refuse(ErrorCode::kInvalidArgument, "no_session",
             fmt::format("no conversation '{}'", choice.id));
    }
  }
  continued_ = earlier.has_value();
  id_ = earlier ? earlier->id : choice.kind == Kind::kNamed ? choice.id : store::new_session_id();
  lock_.emplace(services_.lock_session(id_));
  if (!settings_.model) return;
  provider_name_ = settings_.model->provider;
  if (provider_name_.empty() && earlier) provider_name_ = earlier->provider;
  if (provider_name_.empty()) {
    refuse(ErrorCode::kNotFound, "no_provider", "no provider was named");
  }
}

void ShoppingSession::open_record() {
  journal_ = std::make_unique<purchase::PurchaseJournal>(*state_);
  if (!settings_.new_record) return;
  const auto aside = journal_->start_anew();
  services_.notice(aside ? fmt::format("a new record of purchases was started; the old one is "
                                       "kept in the table {} of the state database",
                                       *aside)
                         : "the record of purchases is intact, so no new one was started");
}

void ShoppingSession::open_shop() {
  open_record();
  questions_ = std::make_unique<purchase::Questions>(*state_);
  commerce::ClientOptions options = settings_.cartpilot();
  options.session_id = id_;
  client_ = std::make_unique<commerce::CartPilotClient>(std::move(options), services_.http());
  const auto insists = [this] {
    const Cancellation* const running = running_;
    return running != nullptr && running->cancelled_twice();
  };
  gate_ = std::make_unique<purchase::PurchaseGate>(
      *client_, *journal_, settings_.policy, *questions_, surface_.approver, surface_.purchases,
      id_, purchase::GateClock{}, insists);
  tools_ = std::make_unique<commerce::CartPilotTools>(*client_);
  money_guard_ =
      std::make_unique<PluginMoneyGuard>(*gate_, *questions_, surface_.approver, id_,
                                         settings_.policy.mode == purchase::ApprovalMode::kAsk);
  router_ = std::make_unique<chat::ToolRouter>(*money_guard_);
  router_->add(*tools_, "cartpilot", true);
  for (const std::string& warning :
       add_plugin_tools(plugin_tools_, settings_.money_plugins, money_guard_.get(), *router_)) {
    services_.notice(warning);
  }
}

void ShoppingSession::open_chat() {
  const ModelSettings& model = *settings_.model;
  chat::ChatOptions options;
  options.provider = provider_name_;
  options.model = model.model;
  options.system = std::string(model_instructions());
  if (!model.instructions.empty()) options.system += "\n\n" + model.instructions;
  options.stream = model.stream;
  options.limits.max_rounds = model.max_rounds;
  watch_ = std::make_unique<FailureWatch>(*surface_.chat);
  chat::MessageLog& log = *this;
  chat_ = std::make_unique<chat::ChatSession>(*provider_, *router_, *watch_, log, options);
  const std::string notice = provider_->info().notice;
  if (!notice.empty()) notices_.push_back(notice);
  sessions_.open(id_, provider_name_, chat_->model());
  if (!continued_) return;
  const std::string dropped = chat_->restore(sessions_.load(id_));
  if (!dropped.empty()) notices_.push_back(dropped);
}

void ShoppingSession::append(const Message& message) { sessions_.append(id_, message); }

const std::optional<purchase::PurchaseReport>& ShoppingSession::last_purchase() const {
  return gate_->last_report();
}

bool ShoppingSession::purchase_in_last_turn() const {
  return gate_->last_report() && gate_->reported_this_turn();
}

std::string ShoppingSession::switch_model(const std::string& provider, const std::string& model) {
  std::string notice;
  if (provider == provider_name_) {
    notice = chat_->switch_provider(*provider_, provider, model);
  } else {
    auto next = services_.make_provider(provider, settings_.model->provider_options);
    next->check();
    notice = chat_->switch_provider(*next, provider, model);
    provider_ = std::move(next);
    provider_name_ = provider;
  }
  sessions_.open(id_, provider_name_, chat_->model());
  return notice;
}

}  // namespace cartpilot::app
