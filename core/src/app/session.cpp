#include "app/session.h"

#include <fmt/format.h>

#include <utility>

#include "app/model_instructions.h"
#include "base/deadline_context.h"
#include "cartpilot/error.h"
#include "net/url_policy.h"
#include "purchase/keys.h"

namespace cartpilot::app {

namespace {

constexpr std::chrono::milliseconds kLongestHealthCheck{2000};
constexpr std::chrono::milliseconds kLongestLookAtModels{2000};

[[noreturn]] void refuse(ErrorCode code, const char* reason, const std::string& message) {
  Error error(code, message);
  error.reason = reason;
  throw error;
}

}  // namespace

ShoppingSession::ShoppingSession(AppServices& services, SessionSettings settings,
                                 SessionSurface surface, const CallContext& opening,
                                 std::unique_ptr<LLMProvider> provider)
    : services_(services),
      settings_(std::move(settings)),
      surface_(surface),
      state_(open_state()),
      sessions_(*state_) {
  choose(settings_.choice);
  if (settings_.model) {
    provider_ = provider ? std::move(provider)
                         : services_.make_provider(provider_name_, options_of(provider_name_));
  }
  plugin_tools_ = services_.make_tool_sets(opening);
  if (provider_) provider_->check();
  journal_ = std::make_unique<purchase::PurchaseJournal>(*state_);
  connect(opening);
  if (settings_.new_record) begin_new_record();  // not for a session that is refused
  open_shop();
  if (provider_) open_chat(opening);
}

ShoppingSession::~ShoppingSession() = default;

std::unique_ptr<store::StateDb> ShoppingSession::open_state() const {
  return services_.open_state(settings_.person);
}

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
  id_ = earlier ? earlier->id : choice.kind == Kind::kNamed ? choice.id : store::new_session_id();
  lock_.emplace(services_.lock_session(id_, settings_.person));
  state_->act_for(*lock_);
  earlier = sessions_.find(id_);  // whoever had it until now may have changed it
  continued_ = earlier.has_value();
  if (earlier) home_ = commerce::CartPilotIdentity::from_text(earlier->cartpilot);
  if (!settings_.model) return;
  provider_name_ = settings_.model->provider;
  if (provider_name_.empty() && earlier) provider_name_ = earlier->provider;
  if (provider_name_.empty()) provider_name_ = services_.chosen_provider();
  first_provider_ = provider_name_;
}

std::map<std::string, std::string> ShoppingSession::options_of(const std::string& provider) {
  return services_.options_of(provider, first_provider_, settings_.model->provider_options);
}

/// The model to ask for when none was named: the only one at an address that has no default.
std::string ShoppingSession::only_model(LLMProvider& provider, const CallContext& opening) {
  if (!provider.info().default_model.empty()) return "";
  try {
    const auto models = provider.models(base::DeadlineContext(opening, kLongestLookAtModels));
    if (models.size() == 1) {
      services_.notice(models.front().id + " answers, the only model at this address");
      return models.front().id;
    }
  } catch (const Error& error) {
    if (error.code == ErrorCode::kCancelled) throw;  // otherwise the first answer says more
  }
  return "";
}

void ShoppingSession::begin_new_record() {
  const auto aside = journal_->start_anew();
  services_.notice(aside ? fmt::format("a new record of purchases was started; the old one is "
                                       "kept in the table {} of the state database",
                                       *aside)
                         : "the record of purchases is intact, so no new one was started");
}

/// Whether the conversation may go on there. Only a server on this machine is asked whether it is a
/// sandbox; what cannot be asked counts as real.
bool ShoppingSession::connect_to(commerce::ClientOptions options, const CallContext& opening) {
  options.session_id = id_;
  if (options.sandbox_id.empty()) {
    commerce::ClientOptions once = options;
    once.read_retries.max_attempts = 1;
    const commerce::CartPilotClient asked(once, services_.http());
    if (net::parse_target(asked.options().base_url).loopback) {
      try {
        options.sandbox_id =
            asked.health(base::DeadlineContext(opening, kLongestHealthCheck)).sandbox_id;
      } catch (const commerce::CartPilotError&) {  // NOLINT: see above
      }
    }
  }
  client_ = std::make_unique<commerce::CartPilotClient>(std::move(options), services_.http());
  if (!home_.known()) return true;
  return home_ == purchase::identity_of(client_->options(), journal_->install_secret());
}

/// A conversation goes on where it began.
void ShoppingSession::connect(const CallContext& opening) {
  if (connect_to(settings_.cartpilot(), opening)) return;
  if (home_.is_sandbox() && settings_.own_sandbox && connect_to(settings_.own_sandbox(), opening)) {
    return;
  }
  const auto here = purchase::identity_of(client_->options(), journal_->install_secret());
  const auto go_on_with = [&](purchase::Remedy remedy) {
    return purchase::remedy_text(settings_.policy.remedies, remedy, "; go on with ", home_.text());
  };
  std::string what;
  if (home_.is_sandbox() && here.is_sandbox()) {
    what = "belongs to another sandbox" + go_on_with(purchase::Remedy::kReachOtherSandbox);
  } else if (home_.url() == here.url()) {
    what = fmt::format(
        "was made at {} with another API key{}", home_.shown(),
        purchase::remedy_text(settings_.policy.remedies, purchase::Remedy::kUseOtherAccount, "; "));
  } else {
    what = fmt::format("belongs to {}, and this one talks to {}{}",
                       home_.is_sandbox() ? "a sandbox" : home_.shown(), here.shown(),
                       go_on_with(purchase::Remedy::kReachCartPilot));
  }
  refuse(ErrorCode::kInvalidArgument, "other_cartpilot",
         fmt::format("the conversation {} {}, or begin another conversation", id_, what));
}

/// From its first message, or its first call that is more than a look, a conversation belongs to
/// its CartPilot.
void ShoppingSession::bind() {
  if (home_.known()) return;
  sessions_.bind(id_, cartpilot().text());
  home_ = cartpilot();
}

void ShoppingSession::open_shop() {
  questions_ = std::make_unique<purchase::Questions>(*state_);
  const auto insists = [this] {
    const Cancellation* const running = running_;
    return running != nullptr && running->cancelled_twice();
  };
  if (settings_.confirm_runner) {
    confirm_runner_ = settings_.confirm_runner(*state_, *journal_, client_->options());
  }
  counted_ = std::make_unique<CountedPurchases>(surface_.purchases);
  gate_ = std::make_unique<purchase::PurchaseGate>(
      *client_, *journal_, settings_.policy, *questions_, surface_.approver, *counted_, id_,
      purchase::GateClock{}, insists, confirm_runner_.get());
  tools_ = std::make_unique<commerce::CartPilotTools>(*client_);
  money_guard_ = std::make_unique<PluginMoneyGuard>(*gate_, *questions_, surface_.approver, id_,
                                                    settings_.policy);
  router_ = std::make_unique<chat::ToolRouter>(*money_guard_);
  ToolSet* shop = tools_.get();
  if (settings_.own_purchases_only) {
    own_purchases_ = std::make_unique<OwnPurchases>(
        *tools_, [this] { return open_state(); }, cartpilot().text());
    shop = own_purchases_.get();
  }
  router_->add(*shop, "cartpilot", true);
  for (const PluginNotice& notice :
       add_plugin_tools(plugin_tools_, settings_.money_plugins, settings_.policy.remedies,
                        money_guard_.get(), *router_)) {
    notice.once ? services_.notice_once(notice.sentence) : services_.notice(notice.sentence);
  }
}

void ShoppingSession::open_chat(const CallContext& opening) {
  const ModelSettings& model = *settings_.model;
  chat::ChatOptions options;
  options.provider = provider_name_;
  options.model = model.model.empty() ? only_model(*provider_, opening) : model.model;
  options.system = std::string(model_instructions());
  if (!model.instructions.empty()) options.system += "\n\n" + model.instructions;
  options.stream = model.stream;
  options.max_output_tokens = model.max_output_tokens;
  options.limits.max_rounds = model.max_rounds;
  watch_ = std::make_unique<FailureWatch>(*surface_.chat);
  spending_ =
      std::make_unique<ModelSpending>(*state_, id_, services_.settings().prices, model.cost_limits);
  chat::MessageLog& log = *this;
  chat_ = std::make_unique<chat::ChatSession>(*provider_, *router_, *watch_, log, options,
                                              spending_.get());
  const std::string notice = provider_->info().notice;
  if (!notice.empty()) notices_.push_back(notice);
  bind();
  sessions_.open(id_, provider_name_, chat_->model());
  if (!continued_) return;
  const std::string dropped = chat_->restore(sessions_.load(id_));
  if (!dropped.empty()) notices_.push_back(dropped);
}

void ShoppingSession::append(const Message& message) { sessions_.append(id_, message); }

ToolResult ShoppingSession::look(const ToolCall& call, const CallContext& context) {
  for (const ToolSpec& spec : tools()) {
    if (spec.name != call.name || spec.effect == EffectClass::kRead) continue;
    const ToolOutcome refused =
        tool_error("NOT_A_LOOK", fmt::format("{} does more than look", call.name));
    return {call.id, call.name, refused.content, true, nullptr};
  }
  return std::move(router_->run({call}, context).front());
}

const std::optional<purchase::PurchaseReport>& ShoppingSession::last_purchase() const {
  return gate_->last_report();
}

bool ShoppingSession::purchase_in_last_turn() const {
  return gate_->last_report() && gate_->reported_this_turn();
}

std::string ShoppingSession::switch_model(const std::string& provider, const std::string& model) {
  std::string notice;
  const auto named = [&](LLMProvider& there) {
    return model.empty() ? only_model(there, CallContext()) : model;
  };
  if (provider == provider_name_) {
    notice = chat_->switch_provider(*provider_, provider, named(*provider_));
  } else {
    auto next = services_.make_provider(provider, options_of(provider));
    next->check();
    notice = chat_->switch_provider(*next, provider, named(*next));
    provider_ = std::move(next);
    provider_name_ = provider;
  }
  sessions_.open(id_, provider_name_, chat_->model());
  return notice;
}

}  // namespace cartpilot::app
