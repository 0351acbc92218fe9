// PurchaseGate: the only door to money.
//
// approve_checkout and confirm_checkout are requests to this gate; only the gate sends them to
// CartPilot. A purchase needs a consent: a person who typed the total and the code of the question,
// a standing permission from the command line, or a rule of the person. Consent is bound to the
// digest of the whole receipt, lives five minutes, is used once, and is checked again against a
// fresh copy of the checkout right before the confirm. A durable record precedes every confirm; an
// answer that does not prove what happened makes the attempt UNKNOWN, which locks its basket until
// it is resolved.
//
// Split by topic: gate.cpp (the door), consent.cpp (up to an approved checkout),
// decision.cpp (limits, rules and flags), pending.cpp (questions that nobody waits for),
// confirm_attempt.cpp (the confirm and its answer), handed_over.cpp (a confirm in another process),
// reconcile.cpp (finding out what happened).
//
// Client, journal, questions, approver and observer are borrowed. One gate per conversation; calls
// come from one thread. `insists` tells that the person asked a second time to stop: a first wish
// to stop does not cut off a confirm that is on its way, a second one does, at the price of an
// unknown outcome.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/error.h"
#include "chat/call_guard.h"
#include "commerce/client.h"
#include "commerce/identity.h"
#include "commerce/receipt.h"
#include "purchase/approver.h"
#include "purchase/confirm_answer.h"
#include "purchase/confirm_runner.h"
#include "purchase/handovers.h"
#include "purchase/journal.h"
#include "purchase/policy.h"

namespace cartpilot::purchase {

enum class PurchaseOutcome { kDone, kNotDone, kUnknown };

/// How a money call ended, for whoever has to act on it.
enum class PurchaseEnd {
  kBought,
  kNoRecord,  ///< the record of purchases cannot be kept; nothing was sent
  kCartPilotFailed,
  kDeclined,  ///< by a person
  kRefused,   ///< by the policy, or because nobody can be asked
  kChanged,   ///< price or receipt, after the yes
  kUnknown,
  kNotAsAgreed,  ///< bought
  kInterrupted,
  kDryRun  ///< nothing is bought in this run, whatever would have been decided
};

/// Begins the note of an attempt that is done otherwise than the person agreed.
constexpr std::string_view kNotAsAgreed = "not as agreed: ";

struct PurchaseReport {
  std::string attempt;  ///< "" = the call did not get as far as one
  PurchaseOutcome outcome = PurchaseOutcome::kNotDone;
  PurchaseEnd end = PurchaseEnd::kNoRecord;
  std::string checkout_id;
  std::string order_id;
  std::string merchant_order_id;
  commerce::Money total;
  std::string message;  ///< one line for the person, to stand after the outcome
};

struct ApprovalRequest {
  std::string attempt;
  const commerce::Receipt& receipt;
  const std::optional<commerce::Money>& previous_total;
  const std::vector<std::string>& warnings;
};

struct ApprovalDecision {
  std::string attempt;
  std::string decision;  ///< approved, declined, refused
  std::string by;        ///< human, policy
  std::string reason;
};

/// Hears what the gate does; drives the JSONL events and the host's own status lines. What it
/// throws is ignored: a broken screen must not change what is known about a purchase.
class PurchaseObserver {
 public:
  virtual ~PurchaseObserver() = default;
  virtual void on_approval_request(const ApprovalRequest& request) = 0;
  virtual void on_approval_decision(const ApprovalDecision& decision) = 0;
  virtual void on_purchase(const PurchaseReport& report) = 0;
};

/// A question that was asked and that nobody waits for.
struct PendingApproval {
  std::string question;
  std::string checkout_id;
  std::int64_t expires_unix_ms = 0;

  friend bool operator==(const PendingApproval&, const PendingApproval&) = default;
};

/// What became of one: CartPilot's approved checkout, or an error.
struct SettledApproval {
  std::string checkout_id;
  ToolOutcome outcome;
};

/// Time, injectable for tests.
struct GateClock {
  /// Goes on while the machine sleeps, so that a consent does not outlive a closed lid.
  std::function<std::chrono::steady_clock::time_point()> steady;  ///< null = time since boot
  std::function<std::chrono::system_clock::time_point()> system;  ///< null = base::system_now
  std::function<void(std::chrono::milliseconds)> sleep;           ///< null = sleeps
};

class PurchaseGate final : public chat::CallGuard {
 public:
  PurchaseGate(const commerce::CartPilotClient& client, PurchaseJournal& journal,
               PurchasePolicy policy, Questions& questions, Approver& approver,
               PurchaseObserver& observer, std::string session_id, GateClock clock = {},
               std::function<bool()> insists = {}, ConfirmRunner* runner = nullptr);

  std::optional<ToolOutcome> before_write(ToolCall& call) override;
  void after_write(const ToolCall& call, const ToolOutcome& outcome) override;
  ToolOutcome run_money(const ToolCall& call, const CallContext& context) override;
  void begin_turn() override;

  /// Settles attempts an earlier process left unfinished. Called once before the first money call.
  /// Waits about 20 s in all at most. Returns the reports of those it settled or had to leave
  /// unknown; the observer does not hear of them. Throws Error when the journal fails.
  std::vector<PurchaseReport> reconcile(const CallContext& context);

  // For an approver that does not wait. approve_checkout then answers APPROVAL_PENDING, and again
  // until the question is answered; the yes to it counts in this process and this gate only.

  /// Does what follows the answers that came meanwhile. Called every now and then.
  std::vector<SettledApproval> settle_pending(const CallContext& context);
  std::vector<PendingApproval> pending() const;
  /// The program asks no longer.
  void withdraw_pending();

  /// Carries out a confirm that another process has recorded and handed over with `token`; never
  /// twice. The observer hears what came of it.
  ToolOutcome confirm_handed_over(ConfirmHandovers& handovers, const std::string& attempt,
                                  const std::string& token, const CallContext& context);

  /// The CartPilot that this gate buys at.
  const commerce::CartPilotIdentity& cartpilot() const;

  /// The last attempt of this process, for a program that ends with it.
  const std::optional<PurchaseReport>& last_report() const { return last_report_; }
  /// Whether it belongs to the present turn.
  bool reported_this_turn() const { return reported_this_turn_; }

 private:
  using CheckoutAnswer = commerce::Answer<commerce::Checkout>;

  struct Consent {
    std::string attempt;
    commerce::Receipt receipt;
    std::int64_t known_purchases = 0;  ///< of the basket, when the question was put together
    std::chrono::steady_clock::time_point answered;
    std::chrono::steady_clock::time_point expires{};
    std::optional<Rule> rule{};  ///< that allowed it; nobody was asked
  };
  struct Pending {
    std::string question;
    Attempt attempt;
    commerce::Receipt receipt;
    std::int64_t expires_unix_ms = 0;
    std::int64_t known_purchases = 0;
  };
  struct Decision {
    bool approved = false;
    std::string decision;  ///< as ApprovalDecision
    std::string by;
    std::string error_code;
    PurchaseEnd end = PurchaseEnd::kRefused;
    std::string reason;
    std::string channel{};  ///< of a yes: "policy", or where the person answered
    std::string pending{};  ///< the question that is open while nobody waits for its answer
    std::int64_t expires_unix_ms = 0;   ///< of that question
    std::int64_t answered_unix_ms = 0;  ///< of a person's yes
    std::optional<Rule> rule{};         ///< that decided, or wanted the person to be asked
  };
  /// A confirm that was sent, and what its answer proves.
  struct ConfirmResult {
    ConfirmVerdict verdict = ConfirmVerdict::kUnknown;
    Json answer;                                      ///< of a readable 200
    std::optional<commerce::Confirmation> value;      ///< of a readable 200
    std::optional<commerce::CartPilotError> failure;  ///< otherwise
    std::string note;

    std::chrono::milliseconds asked_wait() const {
      return std::chrono::milliseconds(failure ? failure->retry_after_ms.value_or(0) : 0);
    }
  };
  /// How an attempt ended, as far as is known.
  struct Resolution {
    Attempt attempt;
    PurchaseOutcome outcome = PurchaseOutcome::kUnknown;
    Json result;           ///< kDone: CartPilot's answer to the confirm, or its like
    std::string mismatch;  ///< kDone: what is not as agreed, "" = nothing
    std::string why;       ///< what is known, for the person
  };

  // purchase_gate.cpp
  std::optional<ToolOutcome> lock_on(const ToolCall& call);
  ToolOutcome refuse(const PurchaseReport& refusal, const std::string& error_code);
  PurchaseReport report_on(const std::string& checkout_id) const;
  ToolOutcome failed(PurchaseReport report, const commerce::CartPilotError& error);
  ToolOutcome dry_run(const std::string& checkout_id);
  ToolOutcome not_ours(const std::string& checkout_id);
  bool is_another_cartpilot(const CheckoutAnswer& answer) const;
  ToolOutcome another_cartpilot(const std::string& checkout_id);
  ToolOutcome unresolved(const Attempt& attempt);
  std::string sent_elsewhere(const Attempt& attempt,
                             const commerce::CartPilotIdentity& sent_to) const;
  ToolOutcome outcome_of(const Resolution& ending);
  ToolOutcome report_outcome(const PurchaseReport& report, ToolOutcome outcome) const;
  void notify(const PurchaseReport& report);
  bool comes_to_nothing_after_attempt(const PurchaseReport& report) const;
  Resolution recorded_as_done(const Attempt& attempt) const;
  ToolOutcome bought_already(const Attempt& attempt);
  void record_void(const std::string& attempt, const std::string& note);
  void notify(const std::function<void(PurchaseObserver&)>& call) const;
  std::chrono::milliseconds time_left(const CheckoutAnswer& answer) const;

  ToolOutcome guarded(const std::string& checkout_id, const std::function<ToolOutcome()>& work);

  // consent.cpp
  ToolOutcome approve(const std::string& checkout_id, const CallContext& context);
  ToolOutcome seek_consent(const CheckoutAnswer& answer, const CallContext& context);
  ApprovalQuestion question_about(const Attempt& attempt, const commerce::Receipt& receipt) const;
  Decision ask(ApprovalQuestion question, std::chrono::milliseconds left,
               const CallContext& context);
  std::chrono::steady_clock::time_point began_at(std::int64_t answered_unix_ms) const;
  ToolOutcome record_consent(Attempt attempt, Consent consent, const CallContext& context);
  std::vector<std::string> warnings_for(const commerce::Receipt& receipt) const;
  std::optional<std::string> repetition_of(const std::string& basket) const;
  std::optional<std::string> repeated_without_permission(const std::string& basket) const;
  bool may_repeat() const;
  Agreement agreement_of(const Consent& consent) const;
  std::optional<commerce::Money> previous_total_of(const commerce::Receipt& receipt,
                                                   const std::string& basket) const;
  void remember_total(const commerce::Checkout& checkout, const commerce::Money& total);
  ToolOutcome approve_at_cartpilot(const Attempt& attempt, Consent consent,
                                   const CallContext& context);
  CheckoutAnswer send_approve(const Attempt& attempt, const CallContext& context);
  Consent* live_consent(const std::string& checkout_id);
  bool same_receipt(const commerce::Receipt& agreed, const commerce::Checkout& now) const;
  ToolOutcome withdraw(const std::string& attempt, const commerce::Receipt& agreed,
                       const commerce::Checkout& now);

  // decision.cpp
  Decision decide(ApprovalQuestion question, const commerce::Receipt& receipt,
                  std::chrono::milliseconds left, const CallContext& context);
  std::optional<Decision> decide_without_person(const commerce::Receipt& receipt,
                                                std::optional<Rule>& asking,
                                                const CallContext& context);
  std::optional<std::string> gap() const;
  Decision rehearsed(const std::optional<Decision>& decided,
                     const std::optional<Rule>& asking) const;
  RuleVerdict rule_verdict(const commerce::Receipt& receipt, const CallContext& context) const;
  std::string agreed_by(const Decision& decision) const;
  std::optional<std::string> repeated_under(const Rule& rule, const std::string& basket) const;

  // pending.cpp
  std::optional<ToolOutcome> join_pending(const commerce::Receipt& receipt,
                                          const CallContext& context);
  ToolOutcome settle_answer(const std::string& checkout_id, const CallContext& context);
  ToolOutcome pending_outcome(const Pending& pending) const;
  std::optional<Decision> asked_too_often(const ApprovalQuestion& question) const;

  // handed_over.cpp
  ToolOutcome conclude_elsewhere(const Attempt& attempt);
  ToolOutcome as_recorded(const Attempt& attempt);

  // confirm_attempt.cpp
  ToolOutcome confirm(const std::string& checkout_id, const CallContext& context);
  ToolOutcome spend(const std::string& checkout_id, const CallContext& context);
  ToolOutcome not_sent(const std::string& attempt, PurchaseReport refusal, const Error& error);
  ToolOutcome conclude(Attempt attempt, const ConfirmResult& sent, const CallContext& context);
  ConfirmResult send_confirm(const Attempt& attempt, const CallContext& context) const;
  Resolution bought(Attempt attempt, Json result, const std::string& merchant_order_id,
                    const std::string& order_id, const CallContext& context);
  std::string examine(Attempt& attempt, const CallContext& context) const;
  std::string find_order(const Attempt& attempt, const CallContext& context) const;
  std::string record(const std::string& attempt, AttemptState state, const AttemptChange& change);
  bool is_in_state(const std::string& attempt, AttemptState state) const;
  Json stored_result(const Attempt& attempt) const;

  // reconcile.cpp
  Resolution settle(Attempt attempt, const CallContext& context, std::chrono::milliseconds budget,
                    const ConfirmResult* just_sent = nullptr);
  Resolution still_unknown(Attempt attempt, const std::string& why);
  PurchaseReport report_of(const Resolution& ending) const;
  bool pause(std::chrono::milliseconds length, const CallContext& context) const;

  const commerce::CartPilotClient& client_;
  PurchaseJournal& journal_;
  const PurchasePolicy policy_;
  Questions& questions_;
  Approver& approver_;
  PurchaseObserver& observer_;
  const std::string session_id_;
  GateClock clock_;
  const std::string run_;  ///< random; keeps this process's create keys apart from an earlier one's
  std::map<std::string, Consent> consents_;  ///< by checkout id
  const std::function<bool()> insists_;
  ConfirmRunner* const runner_;             ///< null: confirms are sent by this process
  std::map<std::string, Pending> pending_;  ///< by checkout id
  /// Until when a receipt that got a no is not asked about again, by digest.
  std::map<std::string, std::chrono::steady_clock::time_point> declined_;
  /// Agreed before a change, by checkout id and by basket: a model may start over with either.
  std::map<std::string, commerce::Money> last_totals_;
  std::map<std::string, Json> results_;  ///< of confirms that are done, by checkout
  std::map<std::string, std::vector<commerce::ItemRequest>> quoted_;  ///< by checkout id
  /// Made when it is first needed: the salt of the account lies in the record.
  mutable std::optional<commerce::CartPilotIdentity> cartpilot_;
  int questions_this_turn_ = 0;
  int repeats_ = 0;  ///< of baskets, bought by this run under a standing permission
  std::int64_t turn_ = 0;
  std::optional<PurchaseReport> last_report_;
  bool reported_this_turn_ = false;
};

}  // namespace cartpilot::purchase
