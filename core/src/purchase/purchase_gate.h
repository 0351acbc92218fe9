// PurchaseGate: the only door to money.
//
// approve_checkout and confirm_checkout are requests to this gate; only the gate sends them to
// CartPilot. A purchase needs a consent: a person typing the total on the terminal, or a standing
// permission from the command line. Consent is bound to the digest of the whole receipt, lives five
// minutes, is used once, and is checked again against a fresh copy of the checkout right before the
// confirm. A durable record precedes every confirm; an answer that does not prove what happened
// makes the attempt UNKNOWN, which locks its basket until it is resolved.
//
// Client, journal, prompt and observer are borrowed. One gate per conversation; calls come from one
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "chat/call_guard.h"
#include "commerce/cartpilot_client.h"
#include "commerce/receipt.h"
#include "purchase/purchase_journal.h"
#include "purchase/purchase_policy.h"

namespace cartpilot::purchase {

/// What a person answered.
enum class ConsentAnswer { kApproved, kDeclined, kNoTerminal };

/// Asks a person. The terminal implementation lives in the host; tests script theirs.
class ConsentPrompt {
 public:
  virtual ~ConsentPrompt() = default;
  /// Shows every line of the receipt and waits for the total to be typed (120 s). `previous_total`
  /// is set after a price change so that old and new can be shown side by side. `note` is a line to
  /// show, "" = none.
  virtual ConsentAnswer ask(const commerce::Receipt& receipt,
                            const std::optional<commerce::Money>& previous_total,
                            const std::string& note) = 0;
};

enum class PurchaseOutcome { kDone, kNotDone, kUnknown };

/// Exit code the outcome asks for: 0 done, 10 declined, 11 refused by policy, 12 price changed, 13
/// unknown, 14 bought but not as agreed, 5 CartPilot failed.
struct PurchaseReport {
  std::string attempt;
  PurchaseOutcome outcome = PurchaseOutcome::kNotDone;
  int exit_code = 1;
  std::string checkout_id;
  std::string order_id;
  std::string merchant_order_id;
  commerce::Money total;
  std::string message;  ///< one line for the person
};

struct ApprovalRequest {
  std::string attempt;
  const commerce::Receipt& receipt;
};

struct ApprovalDecision {
  std::string attempt;
  std::string decision;  ///< approved, declined, refused
  std::string by;        ///< human, policy
  std::string reason;
};

/// Hears what the gate does; drives the JSONL events and the host's own status lines.
class PurchaseObserver {
 public:
  virtual ~PurchaseObserver() = default;
  virtual void on_approval_request(const ApprovalRequest& request) = 0;
  virtual void on_approval_decision(const ApprovalDecision& decision) = 0;
  virtual void on_purchase(const PurchaseReport& report) = 0;
};

/// Time, injectable for tests.
struct GateClock {
  std::function<std::chrono::steady_clock::time_point()> steady = [] {
    return std::chrono::steady_clock::now();
  };
  std::function<std::chrono::system_clock::time_point()> system = [] {
    return std::chrono::system_clock::now();
  };
  std::function<void(std::chrono::milliseconds)> sleep;  ///< null = std::this_thread::sleep_for
};

class PurchaseGate final : public chat::CallGuard {
 public:
  PurchaseGate(const commerce::CartPilotClient& client, PurchaseJournal& journal,
               PurchasePolicy policy, ConsentPrompt& prompt, PurchaseObserver& observer,
               std::string session_id, GateClock clock = {});

  std::optional<ToolOutcome> before_write(ToolCall& call) override;
  void after_write(const ToolCall& call, const ToolOutcome& outcome) override;
  ToolOutcome run_money(const ToolCall& call, const CallContext& context) override;
  void begin_turn() override;

  /// Settles attempts an earlier process left unfinished. Called once before the first money call.
  /// Returns the reports of those it settled or had to leave unknown.
  std::vector<PurchaseReport> reconcile(const CallContext& context);

  /// The last attempt of this process, for the exit code.
  const std::optional<PurchaseReport>& last_report() const { return last_report_; }

 private:
  struct Consent {
    std::string attempt;
    std::string digest;
    commerce::Receipt receipt;
    std::chrono::steady_clock::time_point expires;
    std::string by;
  };
  ToolOutcome approve(const std::string& checkout_id, const CallContext& context);
  ToolOutcome confirm(const std::string& checkout_id, const CallContext& context);

  const commerce::CartPilotClient& client_;
  PurchaseJournal& journal_;
  PurchasePolicy policy_;
  ConsentPrompt& prompt_;
  PurchaseObserver& observer_;
  std::string session_id_;
  GateClock clock_;
  std::map<std::string, Consent> consents_;  ///< by checkout id
  std::map<std::string, commerce::Money> last_totals_;
  int questions_this_turn_ = 0;
  std::optional<PurchaseReport> last_report_;
};

}  // namespace cartpilot::purchase
