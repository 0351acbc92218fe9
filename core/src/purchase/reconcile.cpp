// The part of PurchaseGate that finds out what became of a confirm without a clear answer.
//
// It looks first. It repeats the confirm only while CartPilot still shows the very checkout that
// was agreed to as approved, with the key rule of the journal, long enough after the last send, and
// at merchants that recognise their own session. It never quotes, makes a checkout, or guesses.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/deadline_context.h"
#include "base/random.h"
#include "base/wait.h"
#include "cartpilot/error.h"
#include "net/url_policy.h"
#include "purchase/gate.h"

namespace cartpilot::purchase {
namespace {

using std::chrono::milliseconds;

constexpr int kLooks = 3;
/// After a confirm. CartPilot gives a merchant 10 s, so the last look comes later than that.
constexpr std::array<milliseconds, kLooks - 1> kPauses = {std::chrono::seconds(3),
                                                          std::chrono::seconds(10)};
constexpr auto kFirstBackoff = milliseconds(500);
constexpr auto kLongestBackoff = milliseconds(8'000);
constexpr auto kStartBudget = std::chrono::seconds(20);
constexpr std::int64_t kConsentLifetimeMs = 5 * 60 * 1000;

constexpr int kMaxSends = 3;
constexpr std::int64_t kLongestResendMs = 10 * 60 * 1000;
/// CartPilot gives a merchant 10 s, and no key stops a second request while the first still runs.
constexpr std::int64_t kResendGapMs = 15 * 1000;
constexpr std::int64_t kLongestAskedWaitMs = 10 * 60 * 1000;

/// Merchants known to answer a second confirm of one session with the order they already have.
constexpr std::array<std::string_view, 2> kRecogniseTheirSession = {"merchant-a", "merchant-b"};

/// For attempts from before the CartPilot was recorded: two addresses of one. The embedded one gets
/// another port at every start. What is looked for there is the very receipt that was agreed to.
bool same_server(const std::string& one, const std::string& other) {
  if (one == other) return true;
  const auto is_local = [](const std::string& url) {
    const auto parsed = net::parse_url(url);
    return parsed && net::is_loopback_host(parsed->host);
  };
  return is_local(one) && is_local(other);
}

milliseconds backoff(int look) {
  const auto ceiling = std::min(kFirstBackoff * (1 << (look - 1)), kLongestBackoff);
  return milliseconds(std::llround(base::random_fraction() * static_cast<double>(ceiling.count())));
}

bool may_send_again(const Attempt& attempt, std::int64_t now) {
  return attempt.sends < kMaxSends && now - attempt.created_unix_ms <= kLongestResendMs &&
         std::find(kRecogniseTheirSession.begin(), kRecogniseTheirSession.end(),
                   attempt.merchant_id) != kRecogniseTheirSession.end();
}

bool is_what_was_agreed(const Attempt& attempt, const commerce::Checkout& checkout) {
  try {
    return commerce::make_receipt(attempt.api_origin, attempt.payment_method, checkout).digest ==
           attempt.digest;
  } catch (const Error&) {
    return false;
  }
}

/// The confirm's answer, told from the checkout.
Json confirmation_of(const commerce::Answer<commerce::Checkout>& answer) {
  const commerce::Checkout& checkout = answer.value;
  const auto member = [&](const char* name) {
    const auto found = answer.raw.find(name);
    return found == answer.raw.end() ? Json() : *found;
  };
  return Json{
      {"checkout_id", checkout.id}, {"merchant_order_id", checkout.merchant_order_id.value_or("")},
      {"order_id", nullptr},        {"status", checkout.status},
      {"total", member("total")},   {"confirmed_at", member("confirmed_at")}};
}

}  // namespace

/// Why an attempt cannot be looked into here, and what to do.
std::string PurchaseGate::sent_elsewhere(const Attempt& attempt,
                                         const commerce::CartPilotIdentity& sent_to) const {
  const auto start_with = [&](Remedy remedy, const std::string& about) {
    const std::string what = remedy_text(policy_.remedies, remedy, "; start with ", about);
    return what.empty() ? what : what + " to look into it";
  };
  if (!sent_to.known()) {
    return fmt::format("it was sent to {}{}", attempt.api_origin,
                       start_with(Remedy::kReachCartPilot, attempt.api_origin));
  }
  if (!sent_to.is_sandbox() && sent_to.url() == cartpilot().url()) {
    return fmt::format(
        "it was sent to {} with another API key; start with that key to look into it",
        sent_to.shown());
  }
  if (sent_to.is_sandbox() && cartpilot().is_sandbox()) {
    return fmt::format("it was sent to another sandbox, at {}{}", attempt.api_origin,
                       start_with(Remedy::kReachOtherSandbox, ""));
  }
  return fmt::format("it was sent to {}{}", sent_to.shown(),
                     start_with(Remedy::kReachCartPilot, sent_to.text()));
}

std::vector<PurchaseReport> PurchaseGate::reconcile(const CallContext& context) {
  if (policy_.dry_run) return {};  // it may send a confirm again
  // A consent belongs to the process that got it. Younger ones may still be in use elsewhere.
  std::vector<PurchaseReport> reports;
  if (journal_.integrity_problem()) return reports;  // every money call says why
  journal_.void_abandoned(kConsentLifetimeMs);
  const auto end = clock_.steady() + kStartBudget;
  for (const Attempt& attempt : journal_.unfinished()) {
    const auto sent_to = commerce::CartPilotIdentity::from_text(attempt.cartpilot);
    const bool here = sent_to.known() ? sent_to == cartpilot()
                                      : same_server(attempt.api_origin, client_.options().base_url);
    if (!here) {
      Resolution ending;
      ending.attempt = attempt;
      ending.why = sent_elsewhere(attempt, sent_to);
      reports.push_back(report_of(ending));
      continue;
    }
    const auto left = std::chrono::duration_cast<milliseconds>(end - clock_.steady());
    const auto budget = std::max(left, milliseconds(0));
    reports.push_back(report_of(settle(attempt, context, budget)));
  }
  return reports;
}

/// Looks, waits and perhaps repeats until the outcome is known or `budget` is used up. Right after
/// a confirm (`just_sent`) it looks three times whatever it sees: what answered in CartPilot's
/// place once may do so again, and a merchant may still be at it. At the start of a program a
/// refusal or another receipt will not change by asking again.
PurchaseGate::Resolution PurchaseGate::settle(Attempt attempt, const CallContext& context,
                                              milliseconds budget, const ConfirmResult* just_sent) {
  const auto end = clock_.steady() + budget;
  const auto wait = [&](milliseconds length) {
    return clock_.steady() + length <= end && pause(length, context);
  };
  milliseconds asked_wait = just_sent ? just_sent->asked_wait() : milliseconds(0);
  std::string why = attempt.note;
  int look = 0;
  const auto wait_to_look_again = [&] {
    return look < kLooks &&
           wait(just_sent ? kPauses[static_cast<std::size_t>(look - 1)] : backoff(look));
  };
  while (++look <= kLooks) {
    CheckoutAnswer seen;
    try {
      const auto left = std::chrono::duration_cast<milliseconds>(end - clock_.steady());
      const base::DeadlineContext bounded(context,
                                          std::max<milliseconds>(left, std::chrono::seconds(1)));
      seen = client_.get_checkout(attempt.checkout_id, bounded);
    } catch (const commerce::CartPilotError& error) {
      why = fmt::format("CartPilot cannot be asked ({})", error.error_code);
      const bool refused =
          error.http_status >= 400 && error.http_status < 500 && error.http_status != 429;
      if ((refused && !just_sent) || !wait_to_look_again()) break;
      continue;
    }
    if (is_another_cartpilot(seen)) {
      why = "another CartPilot answers at its address now";
      break;
    }
    const commerce::Checkout& checkout = seen.value;
    if (checkout.status == "confirmed") {
      return bought(std::move(attempt), confirmation_of(seen),
                    checkout.merchant_order_id.value_or(""), "", context);
    }
    if (checkout.status != "approved" || !is_what_was_agreed(attempt, checkout)) {
      // Somebody else with the key may have been quicker than the confirm. The record says so, too.
      const bool replaced = checkout.status == "approved" ||
                            checkout.merchant_checkout_id != attempt.merchant_checkout_id;
      why = fmt::format("CartPilot now shows the checkout as {}{}", checkout.status,
                        replaced ? ", with another receipt, so what was bought may not be what was "
                                   "agreed to"
                                 : "");
      if (attempt.note != why) record(attempt.id, AttemptState::kUnknown, {why, "", "", false});
      attempt.note = why;
      if (!just_sent || !wait_to_look_again()) break;
      continue;
    }
    why = fmt::format("CartPilot shows the checkout as approved, not as bought ({})", attempt.note);
    const std::int64_t now = journal_.now_unix_ms();
    if (!may_send_again(attempt, now)) {
      if (!just_sent || !wait_to_look_again()) break;
      continue;
    }
    const std::int64_t gap =
        std::max(kResendGapMs, std::min<std::int64_t>(asked_wait.count(), kLongestAskedWaitMs));
    const std::int64_t remaining = attempt.sent_unix_ms + gap - now;
    if (remaining > 0) {
      if (wait(milliseconds(remaining))) {
        --look;  // much can have happened: look again before sending
      } else if (!just_sent || !wait_to_look_again()) {
        break;
      }
      continue;
    }
    try {
      attempt = journal_.begin_send(attempt.id, policy_.limits, kResendGapMs);
    } catch (const Error& error) {
      why = error.what();
      break;
    }
    ConfirmResult sent = send_confirm(attempt, context);
    if (sent.verdict == ConfirmVerdict::kDone) {
      return bought(std::move(attempt), std::move(sent.answer), sent.value->merchant_order_id,
                    sent.value->order_id.value_or(""), context);
    }
    // Whatever this answer proves about the repetition, it proves nothing about the first send.
    const bool spent = sent.failure && failure_is_kept(sent.failure->http_status);
    asked_wait = sent.asked_wait();
    record(attempt.id, AttemptState::kUnknown, {sent.note, "", "", spent});
    attempt = journal_.find(attempt.id).value_or(attempt);
    look = 0;
  }
  return still_unknown(std::move(attempt), why);
}

/// Unless another process or a person has found out meanwhile.
PurchaseGate::Resolution PurchaseGate::still_unknown(Attempt attempt, const std::string& why) {
  Resolution ending;
  attempt = journal_.find(attempt.id).value_or(attempt);
  if (attempt.state == AttemptState::kDone) return recorded_as_done(attempt);
  if (attempt.state == AttemptState::kVoid) {
    ending.outcome = PurchaseOutcome::kNotDone;
    ending.why = attempt.note;
  } else {
    ending.why = why;
    if (attempt.state != AttemptState::kUnknown) {
      record(attempt.id, AttemptState::kUnknown, {why, "", "", false});
    }
  }
  ending.attempt = std::move(attempt);
  return ending;
}

PurchaseReport PurchaseGate::report_of(const Resolution& ending) const {
  const Attempt& attempt = ending.attempt;
  PurchaseReport report;
  report.attempt = attempt.id;
  report.outcome = ending.outcome;
  report.checkout_id = attempt.checkout_id;
  report.order_id = attempt.order_id;
  report.merchant_order_id = attempt.merchant_order_id;
  report.total = attempt.total;
  const std::string total = commerce::format_money(attempt.total);
  const std::string order =
      attempt.merchant_order_id.empty() ? "number not available yet" : attempt.merchant_order_id;
  switch (ending.outcome) {
    case PurchaseOutcome::kDone:
      if (!ending.mismatch.empty()) {
        report.end = PurchaseEnd::kNotAsAgreed;
        report.message = fmt::format(
            "{}. Order {} at {}, agreed total {}. Cancel or refund it "
            "with CartPilot or the merchant if you do not want it.{}",
            ending.mismatch, order, attempt.merchant_id, total, ending.why);
      } else {
        report.end = PurchaseEnd::kBought;
        report.message = fmt::format("bought for {} at {}, order {}{}", total, attempt.merchant_id,
                                     order, ending.why);
      }
      break;
    case PurchaseOutcome::kNotDone:
      report.end = PurchaseEnd::kCartPilotFailed;
      report.message = ending.why;
      break;
    case PurchaseOutcome::kUnknown:
      report.end = PurchaseEnd::kUnknown;
      report.message = fmt::format(
          "it is not known whether {} was spent at {}: {}. The basket is locked; look at your "
          "orders or ask the merchant{}",
          total, attempt.merchant_id, ending.why,
          remedy_text(policy_.remedies, Remedy::kRecordOutcome, ", then ", attempt.id));
      break;
  }
  return report;
}

/// Waits; false when the person asked to stop.
bool PurchaseGate::pause(milliseconds length, const CallContext& context) const {
  return base::wait_unless_cancelled(length, context, clock_.sleep);
}

}  // namespace cartpilot::purchase
