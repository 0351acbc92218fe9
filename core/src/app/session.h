// ShoppingSession: one conversation that shops.
//
// Holds the conversation's lock, its place in the state, its CartPilot client, the purchase gate
// and the tools, and, where a model talks in it, the provider and the history. A front end gives
// plain settings, where the words of the conversation and its purchases are shown, and an Approver
// to ask on; it gets nothing done except through a Turn.
//
// Services, observers and approver are borrowed. Several sessions may be open in one process, each
// on a thread of its own; a session is used by one thread at a time.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/counted_purchases.h"
#include "app/failure_watch.h"
#include "app/model_spending.h"
#include "app/own_purchases.h"
#include "app/plugin_tools.h"
#include "app/services.h"
#include "app/turn.h"
#include "chat/session.h"
#include "commerce/client.h"
#include "commerce/tools.h"
#include "purchase/gate.h"
#include "store/sessions.h"

namespace cartpilot::app {

/// Which conversation.
struct SessionChoice {
  enum class Kind {
    kNew,
    kNamed,    ///< `id`: begun, or gone on with when there is one
    kEarlier,  ///< `id`, which must exist
    kNewest    ///< the one with the latest message
  } kind = Kind::kNew;
  std::string id;
};

/// The model of a conversation, and how it is asked.
struct ModelSettings {
  std::string provider;  ///< "" = that of the earlier conversation, or whose key is the only one
  /// "openai.api" is for openai alone; without a name the option is for the first provider.
  std::map<std::string, std::string> provider_options;
  std::string model;         ///< "" = the provider's default, or the only one it has
  std::string instructions;  ///< of the front end, after the program's own
  bool stream = true;
  int max_rounds = 12;                            ///< answers of the model in a turn
  std::optional<std::int64_t> max_output_tokens;  ///< absent = the vendor's default
  std::vector<cost::SpendLimit> cost_limits;      ///< need max_output_tokens
};

struct SessionSettings {
  SessionChoice choice;
  /// Whose state it belongs to, where a process serves many; "" = the person of the process.
  std::string person;
  /// Address and account of CartPilot, asked for late: a front end may have to start the server
  /// first. It names the sandbox when it knows that it is one. The session id in it is not used.
  std::function<commerce::ClientOptions()> cartpilot;
  /// The same for the sandbox of this machine, for conversations that belong to it; empty = they go
  /// nowhere but to `cartpilot`.
  std::function<commerce::ClientOptions()> own_sandbox;
  purchase::PurchasePolicy policy;
  /// The person has looked through a record of purchases that was altered: it is put aside and
  /// another one begun. A record that is whole stays as it is.
  bool new_record = false;
  /// Others share the account at CartPilot: only orders and checkouts of this state are told of.
  bool own_purchases_only = false;
  /// Ids of plugins whose money functions are let in; each call asks.
  std::vector<std::string> money_plugins;
  /// Makes what carries out the confirms of this session, which lives as long as the session;
  /// empty: they are sent by this process.
  std::function<std::unique_ptr<purchase::ConfirmRunner>(
      store::StateDb&, const purchase::PurchaseJournal&, const commerce::ClientOptions&)>
      confirm_runner;
  /// Without one, the calls come from a program that has its model elsewhere.
  std::optional<ModelSettings> model;
};

/// Where a session is seen and a person is asked. All are borrowed.
struct SessionSurface {
  purchase::PurchaseObserver& purchases;
  purchase::Approver& approver;
  chat::ChatObserver* chat = nullptr;  ///< needed with a model
};

class ShoppingSession final : private chat::MessageLog {
 public:
  /// Opens or continues the conversation. Throws Error: kUnavailable with reason "session_open"
  /// when it is open elsewhere, kInvalidArgument with reason "no_session" when there is none to go
  /// on with or "other_cartpilot" when it belongs to another CartPilot, kNotFound with reason
  /// "no_provider" when no model was named, and what providers, CartPilot's address and the state
  /// have against it. `opening` ends the wait for a server that is asked whether it is a sandbox.
  /// `provider`, if given, takes the place of the plugin that the settings name.
  ShoppingSession(AppServices& services, SessionSettings settings, SessionSurface surface,
                  const CallContext& opening = CallContext(),
                  std::unique_ptr<LLMProvider> provider = nullptr);
  ~ShoppingSession() override;
  ShoppingSession(const ShoppingSession&) = delete;
  ShoppingSession& operator=(const ShoppingSession&) = delete;

  const std::string& id() const { return id_; }
  /// The one it shops at.
  const commerce::CartPilotIdentity& cartpilot() const { return gate_->cartpilot(); }
  /// True when there was something to go on with.
  bool continued() const { return continued_; }
  /// What the person should know about the beginning, a sentence each.
  const std::vector<std::string>& notices() const { return notices_; }
  /// Every function that can be called, plugins' included.
  const std::vector<ToolSpec>& tools() const { return router_->specs(); }

  /// Runs a function that only looks, beside the turn that is running: from any thread. Every other
  /// function is answered with an error.
  ToolResult look(const ToolCall& call, const CallContext& context);

  /// Between turns: lets go of what only saves time. For processes with many sessions.
  void release_memory() noexcept { state_->release_memory(); }

  /// Questions that nobody waits for, see PurchaseGate. Between turns only.
  std::vector<purchase::PendingApproval> pending_approvals() const { return gate_->pending(); }
  void withdraw_pending() { gate_->withdraw_pending(); }

  /// The last purchase of this session, for the exit code and the like.
  const std::optional<purchase::PurchaseReport>& last_purchase() const;
  /// Whether it belongs to the present turn, or the last one.
  bool purchase_in_last_turn() const;

  // With a model.
  const std::string& provider_name() const { return provider_name_; }
  std::string model() const { return chat_->model(); }
  const std::vector<Message>& history() const { return chat_->history(); }
  const Usage& usage() const { return chat_->total_usage(); }
  const ModelSpending& spending() const { return *spending_; }
  /// Goes on with another provider or model ("" = its default). Returns the notice to show, "" =
  /// none. Throws Error when it cannot be had; the present one stays.
  std::string switch_model(const std::string& provider, const std::string& model);

 private:
  friend class Turn;

  void choose(const SessionChoice& choice);
  void connect(const CallContext& opening);
  bool connect_to(commerce::ClientOptions options, const CallContext& opening);
  void begin_new_record();
  std::unique_ptr<store::StateDb> open_state() const;
  void open_shop();
  void bind();
  void open_chat(const CallContext& opening);
  std::map<std::string, std::string> options_of(const std::string& provider);
  std::string only_model(LLMProvider& provider, const CallContext& opening);
  void append(const Message& message) override;

  AppServices& services_;
  const SessionSettings settings_;
  const SessionSurface surface_;
  std::unique_ptr<store::StateDb> state_;
  store::SessionStore sessions_;
  std::string id_;
  bool continued_ = false;
  std::string provider_name_;
  std::string first_provider_;        ///< that options without a provider's name are for
  commerce::CartPilotIdentity home_;  ///< the CartPilot it belongs to, if it is known
  std::vector<std::string> notices_;
  std::optional<store::SessionLock> lock_;

  std::unique_ptr<LLMProvider> provider_;
  std::vector<plugin::PluginHost::NamedToolSet> plugin_tools_;
  std::unique_ptr<purchase::PurchaseJournal> journal_;
  std::unique_ptr<purchase::Questions> questions_;
  std::unique_ptr<commerce::CartPilotClient> client_;
  std::unique_ptr<purchase::ConfirmRunner> confirm_runner_;
  std::unique_ptr<CountedPurchases> counted_;
  std::unique_ptr<purchase::PurchaseGate> gate_;
  std::unique_ptr<commerce::CartPilotTools> tools_;
  std::unique_ptr<OwnPurchases> own_purchases_;
  std::unique_ptr<PluginMoneyGuard> money_guard_;
  std::unique_ptr<chat::ToolRouter> router_;
  std::unique_ptr<FailureWatch> watch_;
  std::unique_ptr<ModelSpending> spending_;
  std::unique_ptr<chat::ChatSession> chat_;

  std::atomic<const Cancellation*> running_{nullptr};  ///< of the present turn
};

}  // namespace cartpilot::app
