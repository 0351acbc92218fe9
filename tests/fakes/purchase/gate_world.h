// Everything around a PurchaseGate that a test needs: a fake CartPilot behind the real client, a
// journal in memory, a scripted person, a recording observer, a clock that only moves when told.
//
// The model's calls go the way the router sends them. One thread.
#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/purchase_flags.h"
#include "commerce/tools.h"
#include "fake_cartpilot.h"
#include "purchase/gate.h"

namespace cartpilot::purchase {

using host::allow_repeats;
using host::parse_limits;
using host::parse_policy;

constexpr std::int64_t kStartUnixMs = 1'795'394'968'000;  // 2026-11-23T00:49:28Z

struct FakeClock {
  std::int64_t passed_ms = 0;
  std::int64_t slept_ms = 0;
  std::int64_t skew_ms = 0;  ///< of the wall clock against the true time
  std::int64_t unix_ms() const { return kStartUnixMs + passed_ms + skew_ms; }
  GateClock gate_clock();
};

/// What a scripted person does at a question.
enum class ConsentAnswer { kApproved, kDeclined, kNoTerminal };

class ScriptedPerson final : public Approver {
 public:
  struct Question {
    std::string checkout_id;
    std::string digest;
    commerce::Money total;
    std::optional<commerce::Money> previous_total;
    std::string note;  ///< warnings and notes, one a line
    friend bool operator==(const Question&, const Question&) = default;
  };
  /// What to answer, in order; kApproved when it has run out. A question with two rounds takes two.
  std::deque<ConsentAnswer> answers;
  /// Runs while the person thinks.
  std::function<void()> meanwhile;
  std::vector<Question> questions;

  std::optional<std::string> unavailable() override;
  std::chrono::milliseconds lifetime() const override { return kPromptLifetime; }
  void ask(const ApprovalQuestion& question, Questions& store, const CallContext& context) override;

 private:
  ConsentAnswer next();
};

/// One line per event, in order.
class EventLog final : public PurchaseObserver {
 public:
  std::vector<std::string> lines;
  void on_approval_request(const ApprovalRequest& request) override;
  void on_approval_decision(const ApprovalDecision& decision) override;
  void on_purchase(const PurchaseReport& report) override;
};

/// A context that can be cancelled.
struct TestContext final : CallContext {
  bool stop = false;
  bool cancelled() const noexcept override { return stop; }
};

/// "bought", "cartpilot failed", ...
std::string name_of(PurchaseEnd end);

class GateWorld {
 public:
  explicit GateWorld(PurchasePolicy policy = parse_policy("ask", ""),
                     const std::filesystem::path& state = ":memory:");

  /// A new process on the same state: consents are gone, the journal stays.
  void restart(const std::string& session = "session-1");

  Json create(const std::string& product = "headphones", std::int64_t quantity = 1,
              const std::string& offer = "offer-a");
  ToolOutcome quote(const std::string& checkout_id, const std::string& product = "headphones",
                    std::int64_t quantity = 1);
  ToolOutcome request_approval(const std::string& checkout_id);
  /// create, quote and request_approval; the checkout's id.
  std::string prepare(const std::string& product = "headphones", std::int64_t quantity = 1,
                      const std::string& offer = "offer-a");
  ToolOutcome write(const std::string& function, Json arguments);
  ToolOutcome money(const std::string& function, Json arguments);
  ToolOutcome approve(const std::string& checkout_id);
  ToolOutcome confirm(const std::string& checkout_id);
  /// Records that another program's attempt `id` on the basket of `checkout_id` was sent just now.
  void sent_by_another_program(const std::string& id, const std::string& checkout_id);

  /// Of the last report; nullopt = none.
  std::optional<PurchaseEnd> end() const;
  /// States of the newest attempt, oldest first.
  std::vector<AttemptState> states() const;

  FakeClock clock;
  FakeCartPilot server;
  store::StateDb db;
  PurchaseJournal journal;
  Questions questions;
  commerce::CartPilotClient client;
  commerce::CartPilotTools tools;
  ScriptedPerson person;
  EventLog events;
  PurchasePolicy policy;
  TestContext context;
  std::unique_ptr<PurchaseGate> gate;
};

/// A world with an approved checkout.
struct Approved : GateWorld {
  Approved() : id(prepare()) { approve(id); }
  std::string id;
};

/// "" for a success, else its error_code (or its status).
std::string code_of(const ToolOutcome& outcome);

}  // namespace cartpilot::purchase
