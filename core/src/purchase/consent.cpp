// The part of PurchaseGate that leads up to an approved checkout: look, check, ask, look again.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "cartpilot/error.h"
#include "commerce/tools.h"
#include "purchase/attempt_record.h"
#include "purchase/gate.h"
#include "purchase/keys.h"

namespace cartpilot::purchase {
namespace {

using std::chrono::milliseconds;

constexpr int kMaxQuestionsPerTurn = 3;
constexpr std::size_t kAttemptIdBytes = 8;
constexpr auto kConsentLifetime = std::chrono::minutes(5);
constexpr auto kExpiryMarginOfConsent = std::chrono::seconds(30);
constexpr auto kExpiryMarginOfQuestion = std::chrono::seconds(60);
constexpr std::int64_t kRecentPurchaseMs = 60 * 60 * 1000;

bool can_be_asked_about(const std::string& status) {
  return status == "awaiting_approval" || status == "approved";
}

std::string advice_for(const std::string& status) {
  if (status == "created") return "call quote_checkout, then request_approval, then try again";
  if (status == "quoted") return "call request_approval, then try again";
  if (status == "confirmed") return "it is bought already; see list_orders";
  return "make another checkout";
}

std::string ago_text(std::int64_t ms) {
  const std::int64_t minutes = ms / 60'000;
  if (minutes < 1) return "just now";
  if (minutes == 1) return "a minute ago";
  return minutes < 120 ? fmt::format("{} minutes ago", minutes)
                       : fmt::format("{} hours ago", minutes / 60);
}

std::int64_t pieces_in(const std::vector<commerce::ItemRequest>& items) {
  std::int64_t count = 0;
  for (const commerce::ItemRequest& item : items) {
    if (__builtin_add_overflow(count, item.quantity, &count)) return -1;
  }
  return count;
}

}  // namespace

ToolOutcome PurchaseGate::approve(const std::string& checkout_id, const CallContext& context) {
  if (!journal_.knows_checkout(session_id_, checkout_id, cartpilot().text()))
    return not_ours(checkout_id);
  if (const auto done = journal_.done_on_checkout(checkout_id, cartpilot().text())) {
    const ToolOutcome outcome = bought_already(*done);
    if (!outcome.ok) return outcome;
    return tool_error("NOT_AWAITING_APPROVAL",
                      "this checkout is bought already, so there is nothing to approve");
  }
  const CheckoutAnswer answer = client_.get_checkout(checkout_id, context);
  PurchaseReport report;
  report.end = PurchaseEnd::kRefused;
  report.checkout_id = checkout_id;
  if (const Consent* consent = live_consent(checkout_id)) {
    if (!same_receipt(consent->receipt, answer.value)) {
      return withdraw(consent->attempt, consent->receipt, answer.value);
    }
    report.attempt = consent->attempt;
    report.total = consent->receipt.total();
    report.message = "it is approved already and waits for confirm_checkout";
    return report_outcome(report, {true, answer.raw});
  }
  if (!can_be_asked_about(answer.value.status)) {
    report.message = fmt::format("the checkout is {}, so there is nothing to approve: {}",
                                 answer.value.status, advice_for(answer.value.status));
    return report_outcome(report, tool_error("NOT_AWAITING_APPROVAL", report.message));
  }
  return seek_consent(answer, context);
}

/// From a fetched checkout to a live consent, or to the reason why not. On success the outcome is
/// CartPilot's checkout.
ToolOutcome PurchaseGate::seek_consent(const CheckoutAnswer& answer, const CallContext& context) {
  const commerce::Checkout& checkout = answer.value;
  if (is_another_cartpilot(answer)) return another_cartpilot(checkout.id);
  PurchaseReport refusal;
  refusal.end = PurchaseEnd::kRefused;
  refusal.checkout_id = checkout.id;
  commerce::Receipt receipt;
  try {
    receipt = commerce::make_receipt(client_.options().base_url, policy_.payment_method, checkout);
  } catch (const Error& error) {
    refusal.message = error.what();
    return refuse(refusal, "RECEIPT_INVALID");
  }
  receipt.cartpilot = cartpilot().shown();
  refusal.total = receipt.total();
  if (time_left(answer) < kExpiryMarginOfQuestion) {
    refusal.message = "the checkout expires within a minute; make another one";
    return refuse(refusal, "CHECKOUT_EXPIRED");
  }
  Attempt attempt;
  attempt.basket = basket_of(checkout.merchant_id, items_of(checkout));
  if (const auto open = journal_.unfinished_on(attempt.basket, cartpilot().text()))
    return unresolved(*open);
  if (auto joined = join_pending(receipt, context)) return *std::move(joined);

  attempt.id = base::random_hex(kAttemptIdBytes);
  attempt.session = session_id_;
  attempt.api_origin = receipt.api_origin;
  attempt.checkout_id = checkout.id;
  attempt.merchant_checkout_id = checkout.merchant_checkout_id.value_or("");
  attempt.merchant_id = checkout.merchant_id;
  attempt.digest = receipt.digest;
  attempt.payment_method = receipt.payment_method;
  attempt.total = receipt.total();
  attempt.cartpilot = cartpilot().text();
  attempt.receipt = receipt_record(receipt);
  refusal.attempt = attempt.id;

  // Counted before the record is looked through for the question: whatever is bought from here on
  // may be missing there.
  const std::int64_t known = journal_.done_count(attempt.basket, cartpilot().text());
  ApprovalQuestion question = question_about(attempt, receipt);
  notify([&](PurchaseObserver& observer) {
    observer.on_approval_request({attempt.id, receipt, question.previous_total, question.warnings});
  });
  const Decision decision = decide(std::move(question), receipt, time_left(answer), context);
  attempt.by = agreed_by(decision);
  if (!decision.pending.empty()) {
    return pending_outcome(pending_[checkout.id] = {decision.pending, attempt, receipt,
                                                    decision.expires_unix_ms, known});
  }
  notify([&](PurchaseObserver& observer) {
    observer.on_approval_decision({attempt.id, decision.decision, decision.by, decision.reason});
  });
  if (!decision.approved) {
    refusal.end = decision.end;
    refusal.message = decision.reason;
    return refuse(refusal, decision.error_code);
  }
  attempt.channel = decision.channel;
  attempt.approved_unix_ms =
      decision.answered_unix_ms != 0 ? decision.answered_unix_ms : journal_.now_unix_ms();
  const std::string id = attempt.id;
  Consent consent{id, receipt, known, began_at(decision.answered_unix_ms)};
  if (decision.by == "policy") consent.rule = decision.rule;
  return record_consent(std::move(attempt), std::move(consent), context);
}

/// A consent runs from the moment of the yes, not from when it was noticed.
std::chrono::steady_clock::time_point PurchaseGate::began_at(std::int64_t answered_unix_ms) const {
  if (answered_unix_ms == 0) return clock_.steady();
  const std::int64_t age = questions_.now_unix_ms() - answered_unix_ms;
  return clock_.steady() - milliseconds(std::max<std::int64_t>(0, age));
}

/// After a yes.
ToolOutcome PurchaseGate::record_consent(Attempt attempt, Consent consent,
                                         const CallContext& context) {
  last_totals_.erase(attempt.checkout_id);
  last_totals_.erase(attempt.basket);
  journal_.open(attempt);
  return approve_at_cartpilot(attempt, std::move(consent), context);
}

/// Everything a person has to see before agreeing to this receipt.
ApprovalQuestion PurchaseGate::question_about(const Attempt& attempt,
                                              const commerce::Receipt& receipt) const {
  ApprovalQuestion question;
  question.attempt = attempt.id;
  question.session = session_id_;
  question.title = "PURCHASE APPROVAL";
  question.subject = receipt.digest;
  question.total = receipt.total();
  question.previous_total = previous_total_of(receipt, attempt.basket);
  question.fields = receipt_fields(receipt, question.previous_total);
  question.warnings = warnings_for(receipt);
  if (const auto repeats = repetition_of(attempt.basket)) {
    question.warnings.push_back(*repeats);
    const std::int64_t lately = journal_.now_unix_ms() - kRecentPurchaseMs;
    if (journal_.done_on_basket(attempt.basket, lately, cartpilot().text())) question.rounds = 2;
  }
  const std::string& currency = receipt.frozen.currency;
  question.notes.push_back(
      fmt::format("spent {} of {} in 24 hours",
                  commerce::format_minor(
                      journal_.spent(currency, session_id_, cartpilot().text()).day, currency),
                  commerce::format_money({policy_.limits.day.minor, currency})));
  question.detail = receipt_detail(receipt);
  return question;
}

PurchaseGate::Decision PurchaseGate::ask(ApprovalQuestion question, std::chrono::milliseconds left,
                                         const CallContext& context) {
  Decision refused{false, "refused", "policy", "APPROVAL_REFUSED_BY_POLICY", PurchaseEnd::kRefused,
                   ""};
  if (!approver_.waits()) {
    if (auto too_often = asked_too_often(question)) return *std::move(too_often);
  } else if (questions_this_turn_ >= kMaxQuestionsPerTurn) {
    refused.error_code = "TOO_MANY_QUESTIONS";
    refused.reason = fmt::format(
        "{} approvals were asked for in this turn already; wait for the person's "
        "next message",
        kMaxQuestionsPerTurn);
    return refused;
  }
  if (const auto nobody = approver_.unavailable()) {
    refused.reason = *nobody + remedy_text(policy_.remedies, Remedy::kAllowPurchases, "; ");
    return refused;
  }
  question.detail["valid_until_unix_ms"] = questions_.now_unix_ms() + left.count();
  ApprovalQuestion answered;
  try {
    if (!approver_.waits()) {
      const auto lifetime = std::min(approver_.lifetime(), left - kExpiryMarginOfQuestion);
      questions_.open(question, lifetime.count());
      approver_.ask(question, questions_, context);
      refused.pending = question.id;
      refused.expires_unix_ms = question.expires_unix_ms;
      return refused;
    }
    answered = ask_person(approver_, questions_, std::move(question), context,
                          left - kExpiryMarginOfQuestion);
  } catch (const Error& error) {
    if (error.reason != "receipt") throw;
    refused.error_code = "RECEIPT_INVALID";
    refused.reason = error.what();
    return refused;
  }
  ++questions_this_turn_;
  if (answered.state == QuestionState::kApproved) {
    Decision yes{true, "approved", "human", "", PurchaseEnd::kBought, ""};
    yes.reason = "the total and the code were typed";
    yes.channel = answered.channel;
    yes.answered_unix_ms = answered.answered_unix_ms;
    return yes;
  }
  Decision declined{false, "declined", "human", "APPROVAL_DECLINED", PurchaseEnd::kDeclined, ""};
  declined.reason = reason_of_no(answered);
  return declined;
}

/// What was agreed to before the receipt changed, to be shown beside the present total.
std::optional<commerce::Money> PurchaseGate::previous_total_of(const commerce::Receipt& receipt,
                                                               const std::string& basket) const {
  for (const std::string& place : {receipt.checkout.id, basket}) {
    const auto seen = last_totals_.find(place);
    if (seen != last_totals_.end() && seen->second != receipt.total()) return seen->second;
  }
  return std::nullopt;
}

std::optional<std::string> PurchaseGate::repetition_of(const std::string& basket) const {
  const auto bought = journal_.bought_in_a_day(basket, cartpilot().text());
  if (!bought) return std::nullopt;
  return "the same basket was bought " + ago_text(journal_.now_unix_ms() - bought->updated_unix_ms);
}

/// Whether this run may buy a basket again that was bought already.
bool PurchaseGate::may_repeat() const {
  return policy_.mode != ApprovalMode::kUpTo || repeats_ < policy_.allow_repeat;
}

/// A person agreed knowing what stood on the question; a standing permission knows nothing. A
/// purchase that was under way when the person was asked would have refused the question.
Agreement PurchaseGate::agreement_of(const Consent& consent) const {
  const auto holds = [this, until = consent.expires] { return clock_.steady() < until; };
  if (consent.rule) return {std::nullopt, true, holds, consent.rule->name, consent.rule->per_day};
  if (policy_.mode != ApprovalMode::kUpTo) return {consent.known_purchases, false, holds};
  return {std::nullopt, !may_repeat(), holds};
}

/// Nobody is asked under a standing permission, so a model that starts over must not buy again.
std::optional<std::string> PurchaseGate::repeated_without_permission(
    const std::string& basket) const {
  if (may_repeat()) return std::nullopt;
  const auto bought = journal_.bought_in_a_day(basket, cartpilot().text());
  if (!bought) return std::nullopt;
  return fmt::format(
      "the same basket was bought {} (purchase {}); a standing permission buys a basket once in 24 "
      "hours{}",
      ago_text(journal_.now_unix_ms() - bought->updated_unix_ms), bought->id,
      remedy_text(policy_.remedies, Remedy::kAllowRepeat, ", "));
}

/// The total that was agreed to before something changed, to be shown beside the next one.
void PurchaseGate::remember_total(const commerce::Checkout& checkout,
                                  const commerce::Money& total) {
  last_totals_[checkout.id] = total;
  last_totals_[basket_of(checkout.merchant_id, items_of(checkout))] = total;
}

/// What a person must not overlook.
std::vector<std::string> PurchaseGate::warnings_for(const commerce::Receipt& receipt) const {
  std::vector<std::string> warnings;
  const std::string requested =
      journal_.requested_of(session_id_, receipt.checkout.id, cartpilot().text()).value_or("[]");
  const auto asked = requested_items(Json{{"items", parse_json(requested, "a stored request")}});
  const auto offered = items_of(receipt.checkout);
  if (canonical_items(asked) != canonical_items(offered)) {
    warnings.push_back(pieces_in(asked) == pieces_in(offered)
                           ? "NOT the products that were asked for"
                           : fmt::format("NOT what was asked for: {} asked for, the receipt has {}",
                                         pieces_in(asked), pieces_in(offered)));
  }
  if (!commerce::frozen_hash_fits(receipt.frozen)) {
    warnings.push_back("CartPilot's own receipt hash does not fit these lines");
  }
  return warnings;
}

/// Records the consent, looks again, and lets CartPilot approve.
ToolOutcome PurchaseGate::approve_at_cartpilot(const Attempt& attempt, Consent consent,
                                               const CallContext& context) {
  const commerce::Receipt& receipt = consent.receipt;
  CheckoutAnswer answer;
  try {
    answer = client_.get_checkout(attempt.checkout_id, context);
    if (!same_receipt(receipt, answer.value)) {
      return withdraw(attempt.id, receipt, answer.value);
    }
    // A checkout whose earlier consent lapsed is still approved there; nothing takes that back.
    if (answer.value.status == "awaiting_approval") {
      journal_.advance(attempt.id, AttemptState::kApproveSent);
      answer = send_approve(attempt, context);
      if (answer.value.status != "approved" || !same_receipt(receipt, answer.value)) {
        return withdraw(attempt.id, receipt, answer.value);
      }
    }
  } catch (const commerce::CartPilotError& error) {
    record_void(attempt.id, error.error_code);
    PurchaseReport report;
    report.attempt = attempt.id;
    report.checkout_id = attempt.checkout_id;
    report.total = attempt.total;
    return failed(std::move(report), error);
  }
  journal_.advance(attempt.id, AttemptState::kApproved);
  const auto lifetime =
      std::min<milliseconds>(kConsentLifetime, time_left(answer) - kExpiryMarginOfConsent);
  consent.expires = consent.answered + lifetime;
  consents_[attempt.checkout_id] = std::move(consent);
  return {true, std::move(answer.raw)};
}

/// Approving moves no money, so silence is answered by looking.
PurchaseGate::CheckoutAnswer PurchaseGate::send_approve(const Attempt& attempt,
                                                        const CallContext& context) {
  const std::string key = derive_key(journal_.install_secret(), "approve", attempt.session,
                                     commerce::netstring(attempt.digest) + attempt.id, 0);
  try {
    return client_.approve(attempt.checkout_id, attempt.by.starts_with("human") ? "user" : "policy",
                           {key}, context);
  } catch (const commerce::CartPilotError& error) {
    const bool no_verdict = error.http_status < 300 || error.http_status >= 500;
    if (!no_verdict || !error.request_may_have_run) throw;
    CheckoutAnswer seen = client_.get_checkout(attempt.checkout_id, context);
    if (seen.value.status != "approved") throw;
    return seen;
  }
}

/// The consent for this checkout that still holds. One that lapsed is ended here.
PurchaseGate::Consent* PurchaseGate::live_consent(const std::string& checkout_id) {
  const auto found = consents_.find(checkout_id);
  if (found == consents_.end()) return nullptr;
  if (clock_.steady() < found->second.expires) return &found->second;
  record_void(found->second.attempt, "the consent lapsed");
  consents_.erase(found);
  return nullptr;
}

/// Whether a fresh copy of the checkout is, in every field that was agreed to, the same.
bool PurchaseGate::same_receipt(const commerce::Receipt& agreed,
                                const commerce::Checkout& now) const {
  if (!can_be_asked_about(now.status)) return false;
  try {
    return commerce::make_receipt(agreed.api_origin, agreed.payment_method, now).digest ==
           agreed.digest;
  } catch (const Error&) {
    return false;
  }
}

/// The checkout is no longer what was agreed to: the consent is void, nothing is sent.
ToolOutcome PurchaseGate::withdraw(const std::string& attempt, const commerce::Receipt& agreed,
                                   const commerce::Checkout& now) {
  const bool price = now.status == "quoted" || now.total != agreed.total();
  PurchaseReport report;
  report.attempt = attempt;
  report.checkout_id = agreed.checkout.id;
  report.total = agreed.total();
  // Both parameters may live in the consent, so that goes last.
  record_void(attempt, price ? "price changed" : "receipt changed");
  consents_.erase(report.checkout_id);
  if (now.status == "confirmed") {
    report.outcome = PurchaseOutcome::kDone;
    report.end = PurchaseEnd::kNotAsAgreed;
    report.merchant_order_id = now.merchant_order_id.value_or("");
    report.message =
        "this checkout was confirmed from elsewhere after it was approved here; look at "
        "list_orders before buying anything again";
    return refuse(report, "ALREADY_CONFIRMED");
  }
  remember_total(now, report.total);
  report.end = PurchaseEnd::kChanged;
  report.message = fmt::format(
      "{} after it was approved; call quote_checkout with the same items, "
      "then request_approval, then approve_checkout: the person is asked again",
      price ? "the price changed" : "the receipt changed");
  return refuse(report, price ? "PRICE_CHANGED" : "RECEIPT_CHANGED");
}

}  // namespace cartpilot::purchase
