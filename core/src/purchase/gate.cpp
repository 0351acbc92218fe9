#include "purchase/gate.h"

#include <fmt/format.h>

#include <utility>

#include "base/clock.h"
#include "base/dates.h"
#include "base/random.h"
#include "cartpilot/error.h"
#include "commerce/tools.h"
#include "purchase/keys.h"

namespace cartpilot::purchase {
namespace {

constexpr std::size_t kRunBytes = 8;
constexpr std::int64_t kUnderWayMs = 60 * 1000;  ///< as long as a confirm may take
constexpr const char* kDistrusted = "RECORD_DISTRUSTED";

GateClock with_defaults(GateClock clock) {
  if (!clock.steady) clock.steady = [] { return base::SteadyTime(base::time_since_boot()); };
  if (!clock.system) clock.system = base::system_now;
  return clock;
}

/// "2026-11-24T00:49:28.023294Z", the fraction optional. nullopt for anything else: a time that
/// cannot be read must not pass for a far one.
std::optional<std::int64_t> unix_ms_of(const std::string& text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= kShape.size() || text.back() != 'Z') return std::nullopt;
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    const char expected = i < kShape.size() ? kShape[i] : i == kShape.size() ? '.' : 'd';
    if (expected == 'd' ? !digit : text[i] != expected) return std::nullopt;
  }
  return base::unix_ms_of_rfc3339(text);
}

}  // namespace

PurchaseGate::PurchaseGate(const commerce::CartPilotClient& client, PurchaseJournal& journal,
                           PurchasePolicy policy, Questions& questions, Approver& approver,
                           PurchaseObserver& observer, std::string session_id, GateClock clock,
                           std::function<bool()> insists, ConfirmRunner* runner)
    : client_(client),
      journal_(journal),
      policy_(std::move(policy)),
      questions_(questions),
      approver_(approver),
      observer_(observer),
      session_id_(std::move(session_id)),
      clock_(with_defaults(std::move(clock))),
      run_(base::random_hex(kRunBytes)),
      insists_(insists ? std::move(insists) : [] { return false; }),
      runner_(runner) {}

const commerce::CartPilotIdentity& PurchaseGate::cartpilot() const {
  if (!cartpilot_) cartpilot_ = identity_of(client_.options(), journal_.install_secret());
  return *cartpilot_;
}

void PurchaseGate::begin_turn() {
  ++turn_;
  questions_this_turn_ = 0;
  reported_this_turn_ = false;
}

std::optional<ToolOutcome> PurchaseGate::before_write(ToolCall& call) {
  try {
    if (auto locked = lock_on(call)) return locked;
    if (call.name == "create_checkout") {
      // The model's own key would let two different requests share one, or one request have two.
      // Ours is the same for the same request within a turn, so that a repetition makes nothing.
      const std::string subject =
          commerce::netstring(run_) + commerce::netstring(string_or(call.arguments, "offer_id")) +
          commerce::netstring(canonical_items(requested_items(call.arguments)));
      call.arguments["idempotency_key"] =
          derive_key(journal_.install_secret(), "create_checkout", session_id_, subject, turn_);
    }
    return std::nullopt;
  } catch (const Error& error) {
    return tool_error("STATE_UNAVAILABLE", error.what());
  }
}

/// The answer to a write that must wait for a purchase, if there is one.
std::optional<ToolOutcome> PurchaseGate::lock_on(const ToolCall& call) {
  const bool creates = call.name == "create_checkout";
  const bool quotes = call.name == "quote_checkout";
  if (!creates && !quotes && call.name != "request_approval") return std::nullopt;
  const std::string checkout_id = creates ? "" : string_or(call.arguments, "checkout_id");

  std::vector<commerce::ItemRequest> items = requested_items(call.arguments);
  if (items.empty()) {
    const auto seen = quoted_.find(checkout_id);
    if (seen != quoted_.end()) items = seen->second;
  }
  for (const Attempt& attempt : journal_.unfinished(cartpilot().text())) {
    // The merchant of a new checkout is not in the arguments, so the attempt's own is tried.
    if (attempt.checkout_id == checkout_id ||
        attempt.basket == basket_of(attempt.merchant_id, items)) {
      return unresolved(attempt);
    }
  }
  if (quotes && live_consent(checkout_id) != nullptr) {
    return tool_error("PURCHASE_IN_PROGRESS",
                      "this checkout is approved and waits for confirm_checkout; quoting it again "
                      "would replace what was agreed to. Confirm it, or make another checkout.");
  }
  return std::nullopt;
}

void PurchaseGate::after_write(const ToolCall& call, const ToolOutcome& outcome) {
  if (!outcome.ok) return;
  if (call.name == "create_checkout") {
    const std::string checkout_id = string_or(outcome.content, "id");
    if (checkout_id.empty()) return;
    const auto items = call.arguments.find("items");
    journal_.remember_checkout(session_id_, checkout_id,
                               items == call.arguments.end() ? "[]" : dump_json(*items),
                               cartpilot().text());
  } else if (call.name == "quote_checkout") {
    quoted_[string_or(call.arguments, "checkout_id")] = requested_items(call.arguments);
  }
}

ToolOutcome PurchaseGate::run_money(const ToolCall& call, const CallContext& context) {
  // Every other argument of these two functions is the host's to decide.
  const std::string checkout_id = string_or(call.arguments, "checkout_id");
  return guarded(checkout_id, [&] {
    if (policy_.dry_run && call.name == "confirm_checkout") return dry_run(checkout_id);
    if (call.name == "approve_checkout") return approve(checkout_id, context);
    if (call.name == "confirm_checkout") return confirm(checkout_id, context);
    return tool_error("UNKNOWN_FUNCTION", "the purchase gate has no such function");
  });
}

/// Nothing is done while the record cannot be trusted, and every failure becomes an answer.
ToolOutcome PurchaseGate::guarded(const std::string& checkout_id,
                                  const std::function<ToolOutcome()>& work) {
  const auto no_record = [&](const std::string& what,
                             const std::string& code = "STATE_UNAVAILABLE") {
    PurchaseReport report = report_on(checkout_id);
    report.end = PurchaseEnd::kNoRecord;
    report.message = what;
    if (code == kDistrusted) {
      report.message += remedy_text(policy_.remedies, Remedy::kNewRecord, ", or ");
    }
    return refuse(report, code);
  };
  try {
    if (const auto why = journal_.integrity_problem()) return no_record(*why, kDistrusted);
    return work();
  } catch (const commerce::CartPilotError& error) {
    return failed(report_on(checkout_id), error);
  } catch (const Error& error) {
    return no_record(error.what(), error.reason == "busy" ? "BUSY" : "STATE_UNAVAILABLE");
  } catch (const std::exception& error) {
    return no_record(error.what());
  } catch (...) {
    return no_record("an unknown failure inside the program");
  }
}

void PurchaseGate::notify(const std::function<void(PurchaseObserver&)>& call) const {
  try {
    call(observer_);
  } catch (...) {  // NOLINT: see PurchaseObserver
  }
}

/// Tells the person about a money call that is no attempt of its own, so that each one is followed
/// by a word of the program. The last report stays that of the last attempt.
ToolOutcome PurchaseGate::report_outcome(const PurchaseReport& report, ToolOutcome outcome) const {
  notify([&](PurchaseObserver& observer) { observer.on_purchase(report); });
  return outcome;
}

/// Tells the person, and decides how the session ended unless an attempt has decided it already.
void PurchaseGate::notify(const PurchaseReport& report) {
  reported_this_turn_ = true;
  if (!comes_to_nothing_after_attempt(report)) last_report_ = report;
  notify([&](PurchaseObserver& observer) { observer.on_purchase(report); });
}

/// A call that did not get as far as an attempt: it neither changes how the attempt on its checkout
/// ended, nor may it hide that something was bought otherwise, or perhaps.
bool PurchaseGate::comes_to_nothing_after_attempt(const PurchaseReport& report) const {
  if (!report.attempt.empty() || !last_report_ || last_report_->attempt.empty()) return false;
  return last_report_->checkout_id == report.checkout_id ||
         last_report_->end == PurchaseEnd::kUnknown ||
         last_report_->end == PurchaseEnd::kNotAsAgreed;
}

/// Publishes the report and tells the model. The host puts the outcome before the message itself.
ToolOutcome PurchaseGate::refuse(const PurchaseReport& refusal, const std::string& error_code) {
  notify(refusal);
  const char* outcome = refusal.outcome == PurchaseOutcome::kNotDone ? "nothing was bought: "
                        : refusal.end == PurchaseEnd::kNotAsAgreed   ? "bought, but not as agreed: "
                                                                     : "";
  return tool_error(error_code, outcome + refusal.message);
}

/// A report that is about the attempt that was agreed to on this checkout, if there is one.
PurchaseReport PurchaseGate::report_on(const std::string& checkout_id) const {
  PurchaseReport report;
  report.checkout_id = checkout_id;
  const auto consent = consents_.find(checkout_id);
  if (consent == consents_.end()) return report;
  report.attempt = consent->second.attempt;
  report.total = consent->second.receipt.total();
  return report;
}

/// CartPilot failed before any confirm was sent.
ToolOutcome PurchaseGate::failed(PurchaseReport report, const commerce::CartPilotError& error) {
  report.end = error.code == ErrorCode::kCancelled ? PurchaseEnd::kInterrupted
                                                   : PurchaseEnd::kCartPilotFailed;
  report.message = error.what();
  notify(report);
  return commerce::tool_outcome_of(error);
}

ToolOutcome PurchaseGate::dry_run(const std::string& checkout_id) {
  PurchaseReport report;
  report.end = PurchaseEnd::kDryRun;
  report.checkout_id = checkout_id;
  report.message = "dry run: nothing is confirmed";
  return refuse(report, "DRY_RUN");
}

ToolOutcome PurchaseGate::not_ours(const std::string& checkout_id) {
  PurchaseReport report;
  report.end = PurchaseEnd::kRefused;
  report.checkout_id = checkout_id;
  report.message =
      "this checkout was not made in this conversation; make one with create_checkout, only those "
      "can be bought";
  return refuse(report, "NOT_OURS");
}

/// Something else answers at the address now: play money and real money must not be mixed up.
bool PurchaseGate::is_another_cartpilot(const CheckoutAnswer& answer) const {
  return answer.sandbox_id != client_.options().sandbox_id;
}

ToolOutcome PurchaseGate::another_cartpilot(const std::string& checkout_id) {
  PurchaseReport report;
  report.end = PurchaseEnd::kRefused;
  report.checkout_id = checkout_id;
  report.message = fmt::format(
      "another CartPilot answers at {} than when the conversation began ({}); start again",
      client_.options().base_url, cartpilot().shown());
  return refuse(report, "CARTPILOT_CHANGED");
}

ToolOutcome PurchaseGate::unresolved(const Attempt& attempt) {
  PurchaseReport report;
  report.attempt = attempt.id;
  report.outcome = PurchaseOutcome::kUnknown;
  report.end = PurchaseEnd::kUnknown;
  report.checkout_id = attempt.checkout_id;
  report.total = attempt.total;
  const std::string purchase =
      fmt::format("purchase {} of the same basket ({} at {})", attempt.id,
                  commerce::format_money(attempt.total), attempt.merchant_id);
  // Whoever sent it may still wait for the answer: nobody can say yet how it ended.
  if (attempt.state == AttemptState::kConfirmSent &&
      journal_.now_unix_ms() - attempt.updated_unix_ms < kUnderWayMs) {
    report.message = purchase + " is under way, so it is not repeated; try again in a minute";
    return refuse(report, "PURCHASE_UNRESOLVED");
  }
  report.message = fmt::format("{} has an unknown outcome, so it is not repeated{}", purchase,
                               remedy_text(policy_.remedies, Remedy::kRecordOutcome,
                                           "; when you know the outcome, ", attempt.id));
  return refuse(report, "PURCHASE_UNRESOLVED");
}

/// An attempt that is done, as the record tells it.
PurchaseGate::Resolution PurchaseGate::recorded_as_done(const Attempt& attempt) const {
  Resolution ending;
  ending.attempt = attempt;
  ending.outcome = PurchaseOutcome::kDone;
  ending.result = stored_result(attempt);
  if (attempt.note.starts_with(kNotAsAgreed)) {
    ending.mismatch = attempt.note.substr(kNotAsAgreed.size());
  }
  return ending;
}

/// Repeats how a purchase ended. That is no attempt of its own, but the only word of a new process.
ToolOutcome PurchaseGate::bought_already(const Attempt& attempt) {
  const Resolution ending = recorded_as_done(attempt);
  const PurchaseReport report = report_of(ending);
  if (!last_report_) last_report_ = report;
  return report_outcome(
      report, ending.mismatch.empty()
                  ? ToolOutcome{true, ending.result}
                  : tool_error("NOT_AS_AGREED", "bought, but not as agreed: " + report.message));
}

ToolOutcome PurchaseGate::outcome_of(const Resolution& ending) {
  const PurchaseReport report = report_of(ending);
  if (ending.outcome == PurchaseOutcome::kNotDone) return refuse(report, "NOT_BOUGHT");
  if (ending.outcome == PurchaseOutcome::kDone) {
    results_[report.checkout_id] = ending.result;
    if (!ending.mismatch.empty()) return refuse(report, "NOT_AS_AGREED");
    notify(report);
    return {true, ending.result};
  }
  notify(report);
  return {false, Json{{"status", "unknown"},
                      {"checkout_id", report.checkout_id},
                      {"do", "nothing: the program finds out what happened"},
                      {"message", report.message}}};
}

/// Ends an attempt that was never sent. Another process may have ended it first.
void PurchaseGate::record_void(const std::string& attempt, const std::string& note) {
  try {
    journal_.advance(attempt, AttemptState::kVoid, {note, "", "", false});
  } catch (const Error& error) {
    if (error.reason != "state") throw;
  }
}

/// Until the checkout expires, by the clock of the server that will judge it; none at all when its
/// time cannot be read.
std::chrono::milliseconds PurchaseGate::time_left(const CheckoutAnswer& answer) const {
  using std::chrono::milliseconds;
  const auto expiry = unix_ms_of(answer.value.expires_at);
  if (!expiry) return milliseconds(0);
  const auto own = std::chrono::duration_cast<milliseconds>(clock_.system().time_since_epoch());
  return milliseconds(*expiry - answer.server_unix_ms.value_or(own.count()));
}

}  // namespace cartpilot::purchase
