// The part of PurchaseGate that spends a consent: look once more, record, send, read the answer.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/deadline_context.h"
#include "cartpilot/error.h"
#include "commerce/tools.h"
#include "purchase/gate.h"
#include "purchase/keys.h"

namespace cartpilot::purchase {
namespace {

using std::chrono::milliseconds;

constexpr auto kExpiryMarginOfConfirm = std::chrono::seconds(60);
constexpr auto kInlineBudget = std::chrono::seconds(30);
constexpr auto kLookBudget = std::chrono::seconds(5);
constexpr int kMaxConnects = 3;
constexpr auto kConnectWait = milliseconds(500);
constexpr std::int64_t kOrderPageSize = 100;
constexpr std::int64_t kMaxOrderPages = 5;

/// Cancelled only when the person asks a second time.
class SecondInterruptContext final : public CallContext {
 public:
  explicit SecondInterruptContext(const std::function<bool()>& insists) : insists_(insists) {}
  bool cancelled() const noexcept override { return insists_(); }

 private:
  const std::function<bool()>& insists_;
};

std::string note_of(const commerce::CartPilotError& error) {
  if (error.http_status == 0) return error.error_code;
  return fmt::format("{} (HTTP {})", error.error_code, error.http_status);
}

std::string order_mismatch(const commerce::Order& order, const Attempt& attempt,
                           const commerce::Checkout& checkout) {
  if (order.checkout_id != attempt.checkout_id || order.merchant_id != attempt.merchant_id) {
    return "the order belongs to another checkout or merchant";
  }
  if (order.total != attempt.total) {
    return fmt::format("the order is over {} instead of {}", commerce::format_money(order.total),
                       commerce::format_money(attempt.total));
  }
  const bool same_lines = std::equal(
      order.items.begin(), order.items.end(), checkout.items.begin(), checkout.items.end(),
      [](const commerce::OrderItem& ordered, const commerce::CheckoutItem& agreed) {
        return ordered.product_id == agreed.product_id && ordered.variant_id == agreed.variant_id &&
               ordered.quantity == agreed.quantity && ordered.unit_price == agreed.unit_price;
      });
  return same_lines ? "" : "the order lists other items than the receipt";
}

}  // namespace

ToolOutcome PurchaseGate::confirm(const std::string& checkout_id, const CallContext& context) {
  if (!journal_.knows_checkout(session_id_, checkout_id, cartpilot().text()))
    return not_ours(checkout_id);
  if (const auto done = journal_.done_on_checkout(checkout_id, cartpilot().text())) {
    return bought_already(*done);
  }
  for (const Attempt& open : journal_.unfinished(cartpilot().text())) {
    if (open.checkout_id != checkout_id) continue;
    return outcome_of(settle(open, context, milliseconds(0)));
  }
  if (pending_.count(checkout_id) > 0) {
    ToolOutcome outcome = settle_answer(checkout_id, context);
    if (!outcome.ok) return outcome;
  }
  if (live_consent(checkout_id) == nullptr) {
    const CheckoutAnswer answer = client_.get_checkout(checkout_id, context);
    if (answer.value.status != "approved") {
      PurchaseReport refusal;
      refusal.end = PurchaseEnd::kRefused;
      refusal.checkout_id = checkout_id;
      refusal.message = fmt::format(
          "the checkout is {} and nobody has agreed to buy it; call approve_checkout first",
          answer.value.status);
      return refuse(refusal, "CONSENT_REQUIRED");
    }
    // The consent lapsed, or an earlier process had it: CartPilot still says approved, but that is
    // not a consent. The person is asked again.
    ToolOutcome outcome = seek_consent(answer, context);
    if (!outcome.ok) return outcome;
  }
  return spend(checkout_id, context);
}

/// Uses up the live consent for one confirm.
ToolOutcome PurchaseGate::spend(const std::string& checkout_id, const CallContext& context) {
  const Consent consent = consents_.at(checkout_id);
  // A failure up to here sends nothing and leaves the consent in force.
  const CheckoutAnswer fresh = client_.get_checkout(checkout_id, context);
  if (is_another_cartpilot(fresh)) return another_cartpilot(checkout_id);
  if (fresh.value.status != "approved" || !same_receipt(consent.receipt, fresh.value)) {
    return withdraw(consent.attempt, consent.receipt, fresh.value);
  }
  PurchaseReport refusal;
  refusal.attempt = consent.attempt;
  refusal.end = PurchaseEnd::kRefused;
  refusal.checkout_id = checkout_id;
  refusal.total = consent.receipt.total();
  if (time_left(fresh) < kExpiryMarginOfConfirm) {
    // CartPilot charges first and checks the expiry afterwards.
    consents_.erase(checkout_id);
    record_void(consent.attempt, "the checkout expires");
    refusal.message = "the checkout expires within a minute; make another one";
    return refuse(refusal, "CHECKOUT_EXPIRED");
  }
  journal_.install_secret();  // a failure to make one must come before the record
  consents_.erase(checkout_id);
  Attempt attempt;
  try {
    attempt = journal_.begin_send(consent.attempt, policy_.limits, 0, agreement_of(consent));
  } catch (const Error& error) {
    if (error.reason == "limit") {
      record_void(consent.attempt, "over a limit");
      refusal.message = gap().value_or(error.what());
      return refuse(refusal, "OVER_LIMIT");
    }
    if (error.reason == "lapsed") {  // the last look, or the wait for the record, took long
      record_void(consent.attempt, error.what());
      refusal.message = "the approval lapsed; call approve_checkout again";
      return refuse(refusal, "CONSENT_REQUIRED");
    }
    if (error.reason == "rule") {
      record_void(consent.attempt, error.what());
      refusal.message = std::string(error.what()) + "; call approve_checkout to ask the person";
      return refuse(refusal, "RULE_USED_UP");
    }
    if (error.reason == "repeat") {
      const Attempt voided = journal_.find(consent.attempt).value();
      record_void(consent.attempt, "the basket was bought already");
      refusal.message =
          consent.rule ? repeated_under(*consent.rule, voided.basket).value_or(error.what()) +
                             "; call approve_checkout to ask the person"
          : policy_.mode == ApprovalMode::kUpTo
              ? repeated_without_permission(voided.basket).value_or(error.what())
              : repetition_of(voided.basket).value_or(error.what()) +
                    ", after the person was asked; call approve_checkout to ask again";
      return refuse(refusal, "REPEATED_BASKET");
    }
    if (error.reason == "basket") {
      const Attempt voided = journal_.find(consent.attempt).value();
      record_void(consent.attempt, "the basket has an unfinished purchase");
      return unresolved(journal_.unfinished_on(voided.basket, cartpilot().text()).value_or(voided));
    }
    if (error.reason == "fenced") {
      record_void(consent.attempt, "another instance goes on with the conversation");
      refusal.message = error.what();
      return refuse(refusal, "FENCED");
    }
    if (error.reason == "commit_unknown") return not_sent(consent.attempt, refusal, error);
    if (error.reason != "state") throw;
    refusal.message =
        "the approval was withdrawn by another cartpilot; call approve_checkout again";
    return refuse(refusal, "CONSENT_REQUIRED");
  }
  // Nobody else buys this basket while the attempt is unfinished, so what is there was there
  // before.
  if (policy_.mode == ApprovalMode::kUpTo &&
      journal_.bought_in_a_day(attempt.basket, attempt.cartpilot))
    ++repeats_;
  if (runner_ != nullptr) return conclude_elsewhere(attempt);
  return conclude(attempt, send_confirm(attempt, context), context);
}

/// The record may say that the confirm was sent, and it was not: nothing has left this process. The
/// record is put right now, or the next start finds the attempt and looks into it.
ToolOutcome PurchaseGate::not_sent(const std::string& attempt, PurchaseReport refusal,
                                   const Error& error) {
  refusal.end = PurchaseEnd::kNoRecord;
  refusal.message = error.what();
  try {
    journal_.take_back_send(attempt);
  } catch (const Error& again) {
    refusal.message += fmt::format(
        ". Nothing was sent; purchase {} may stand as sent in the record and is looked into at the "
        "next start ({})",
        attempt, again.what());
  }
  return refuse(refusal, "STATE_UNAVAILABLE");
}

/// From the answer to the first confirm of an attempt to the answer to the model.
ToolOutcome PurchaseGate::conclude(Attempt attempt, const ConfirmResult& sent,
                                   const CallContext& context) {
  const bool spent = sent.failure && failure_is_kept(sent.failure->http_status);
  PurchaseReport report;
  report.attempt = attempt.id;
  report.checkout_id = attempt.checkout_id;
  report.total = attempt.total;
  switch (sent.verdict) {
    case ConfirmVerdict::kDone:
      return outcome_of(bought(std::move(attempt), sent.answer, sent.value->merchant_order_id,
                               sent.value->order_id.value_or(""), context));
    case ConfirmVerdict::kPriceChanged:
      last_totals_[attempt.checkout_id] = attempt.total;
      last_totals_[attempt.basket] = attempt.total;
      report.end = PurchaseEnd::kChanged;
      report.message = fmt::format(
          "the merchant changed the price; call quote_checkout with the same "
          "items, then request_approval, then approve_checkout: the person is asked again{}",
          record(attempt.id, AttemptState::kVoid, {sent.note, "", "", spent}));
      return refuse(report, "PRICE_CHANGED");
    case ConfirmVerdict::kNotBought:
    case ConfirmVerdict::kNothingSent:
      report.end = PurchaseEnd::kCartPilotFailed;
      report.message =
          fmt::format("{}{}", sent.failure->what(),
                      record(attempt.id, AttemptState::kVoid, {sent.note, "", "", spent}));
      notify(report);
      return commerce::tool_outcome_of(*sent.failure);
    case ConfirmVerdict::kUnknown: break;
  }
  record(attempt.id, AttemptState::kUnknown, {sent.note, "", "", spent});
  attempt.note = sent.note;
  return outcome_of(settle(std::move(attempt), context, kInlineBudget, &sent));
}

/// Sends one confirm whose record is on disk. Never throws. Repeats only while no byte went out.
PurchaseGate::ConfirmResult PurchaseGate::send_confirm(const Attempt& attempt,
                                                       const CallContext& context) const {
  ConfirmResult sent;
  // Cutting the wait for an answer does not take the request back; it only makes the outcome
  // unknown. So one wish to stop is not enough. The client's own time limit ends the wait, too.
  const SecondInterruptContext until_insisted(insists_);
  for (int tries = 1;; ++tries) {
    try {
      const std::string key = derive_key(journal_.install_secret(), "confirm", attempt.session,
                                         attempt.digest, attempt.key_ordinal);
      auto answer =
          client_.confirm(attempt.checkout_id, attempt.payment_method, key, {key}, until_insisted);
      sent.verdict = verdict_of(answer.value, attempt.checkout_id, attempt.total);
      sent.note = sent.verdict == ConfirmVerdict::kDone ? "" : "the answer is about something else";
      sent.answer = std::move(answer.raw);
      sent.value = std::move(answer.value);
      return sent;
    } catch (const commerce::CartPilotError& error) {
      sent.verdict = verdict_of_failure(error);
      sent.note = note_of(error);
      sent.failure = error;
    } catch (const std::exception& error) {
      sent.verdict = ConfirmVerdict::kUnknown;
      sent.note = error.what();
      return sent;
    }
    if (sent.verdict != ConfirmVerdict::kNothingSent || tries == kMaxConnects ||
        !pause(kConnectWait * tries, context)) {
      return sent;
    }
  }
}

/// CartPilot says the checkout is confirmed: looks whether that is what was agreed to, and records.
PurchaseGate::Resolution PurchaseGate::bought(Attempt attempt, Json result,
                                              const std::string& merchant_order_id,
                                              const std::string& order_id,
                                              const CallContext& context) {
  attempt.merchant_order_id = merchant_order_id;
  attempt.order_id = order_id;
  Resolution ending;
  ending.outcome = PurchaseOutcome::kDone;
  ending.mismatch = examine(attempt, context);
  const std::string note =
      ending.mismatch.empty() ? "" : std::string(kNotAsAgreed) + ending.mismatch;
  ending.why = record(attempt.id, AttemptState::kDone,
                      {note, attempt.order_id, attempt.merchant_order_id, false});
  // A repeated confirm names no order; by now it may be known.
  if (!attempt.order_id.empty()) result["order_id"] = attempt.order_id;
  ending.result = std::move(result);
  ending.attempt = std::move(attempt);
  return ending;
}

/// Compares the confirmed checkout and the order with the digest that was agreed to, and fills in
/// the order's id. Returns what differs, "" = nothing. What cannot be looked at is not held
/// against the purchase.
std::string PurchaseGate::examine(Attempt& attempt, const CallContext& context) const {
  const base::DeadlineContext bounded(context, kLookBudget);
  try {
    const commerce::Checkout checkout = client_.get_checkout(attempt.checkout_id, bounded).value;
    try {
      const auto receipt =
          commerce::make_receipt(attempt.api_origin, attempt.payment_method, checkout);
      if (receipt.digest != attempt.digest) return "the receipt is another one now";
    } catch (const Error& error) {
      return error.what();
    }
    if (checkout.status != "confirmed") {
      return fmt::format("CartPilot shows the checkout as {}", checkout.status);
    }
    const std::string number = checkout.merchant_order_id.value_or("");
    if (attempt.merchant_order_id.empty()) attempt.merchant_order_id = number;
    if (number != attempt.merchant_order_id) return "the merchant's order number is another one";
    if (attempt.order_id.empty()) attempt.order_id = find_order(attempt, bounded);
    if (attempt.order_id.empty()) return "";
    return order_mismatch(client_.get_order(attempt.order_id, bounded).value, attempt, checkout);
  } catch (const commerce::CartPilotError&) {
    return "";
  }
}

/// Order lists name no checkout, so the merchant's number is what an order is found by.
std::string PurchaseGate::find_order(const Attempt& attempt, const CallContext& context) const {
  if (attempt.merchant_order_id.empty()) return "";
  commerce::OrderFilter filter;
  filter.page_size = kOrderPageSize;
  filter.merchant_id = attempt.merchant_id;
  for (filter.page = 1; filter.page <= kMaxOrderPages; ++filter.page) {
    const auto page = client_.list_orders(filter, context).value;
    for (const commerce::OrderSummary& order : page.items) {
      if (order.merchant_order_id == attempt.merchant_order_id) return order.id;
    }
    if (!page.has_more) break;
  }
  return "";
}

/// Records what is known after a send. Must not throw: the purchase is what it is, recorded or
/// not; without the record the attempt stays "sent" and is looked into at the next start. Returns a
/// remark for the person, "" = recorded.
std::string PurchaseGate::record(const std::string& attempt, AttemptState state,
                                 const AttemptChange& change) {
  try {
    journal_.advance(attempt, state, change);
    return "";
  } catch (const Error& error) {
    if (error.reason == "state" && is_in_state(attempt, state)) return "";
    return fmt::format(" (this could not be recorded: {})", error.what());
  }
}

/// Whether another process has recorded the same already.
bool PurchaseGate::is_in_state(const std::string& attempt, AttemptState state) const {
  try {
    const auto found = journal_.find(attempt);
    return found && found->state == state;
  } catch (const Error&) {
    return false;
  }
}

/// What a confirm of a checkout that is bought already answers, without asking CartPilot.
Json PurchaseGate::stored_result(const Attempt& attempt) const {
  const auto found = results_.find(attempt.checkout_id);
  if (found != results_.end()) return found->second;
  const auto text = [](const std::string& value) { return value.empty() ? Json() : Json(value); };
  return Json{{"checkout_id", attempt.checkout_id},
              {"merchant_order_id", attempt.merchant_order_id},
              {"order_id", text(attempt.order_id)},
              {"status", "confirmed"},
              {"total", {{"amount", attempt.total.minor}, {"currency", attempt.total.currency}}}};
}

}  // namespace cartpilot::purchase
