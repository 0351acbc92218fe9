// The part of PurchaseGate for questions that nobody waits for: the caller is told that the
// question is open and asks again, the person answers in their own time on another surface.
#include <fmt/format.h>

#include <algorithm>

#include "cartpilot/error.h"
#include "purchase/gate.h"

namespace cartpilot::purchase {
namespace {

using std::chrono::milliseconds;

/// There are no turns to count questions by, so time takes their place.
constexpr std::size_t kMaxQuestions = 3;
constexpr auto kQuestionSpan = std::chrono::minutes(10);

std::int64_t minutes_of(std::chrono::nanoseconds span) {
  return std::chrono::ceil<std::chrono::minutes>(span).count();
}

}  // namespace

/// Why this question is not asked now, if it is not.
std::optional<PurchaseGate::Decision> PurchaseGate::asked_too_often(
    const ApprovalQuestion& question) const {
  const auto closed = declined_.find(question.subject);
  if (closed != declined_.end() && clock_.steady() < closed->second) {
    return Decision{false,
                    "declined",
                    "human",
                    "APPROVAL_DECLINED",
                    PurchaseEnd::kDeclined,
                    fmt::format("the person said no to exactly this purchase; they are not asked "
                                "about it again for {} minutes",
                                minutes_of(closed->second - clock_.steady()))};
  }
  if (questions_.opened_lately(milliseconds(kQuestionSpan).count()) < kMaxQuestions) {
    return std::nullopt;
  }
  return Decision{false,
                  "refused",
                  "policy",
                  "TOO_MANY_QUESTIONS",
                  PurchaseEnd::kRefused,
                  fmt::format("{} approvals were asked for in {} minutes already; wait",
                              kMaxQuestions, kQuestionSpan.count())};
}

/// The question about this very receipt, if it was asked already. One about another receipt of the
/// same checkout is not to be answered any more.
std::optional<ToolOutcome> PurchaseGate::join_pending(const commerce::Receipt& receipt,
                                                      const CallContext& context) {
  const auto found = pending_.find(receipt.checkout.id);
  if (found == pending_.end()) return std::nullopt;
  if (found->second.attempt.digest == receipt.digest) {
    return settle_answer(receipt.checkout.id, context);
  }
  questions_.withdraw(found->second.question, "The receipt changed meanwhile. Nothing was bought.");
  remember_total(receipt.checkout, found->second.attempt.total);
  pending_.erase(found);
  return std::nullopt;
}

/// What the answer to a pending question leads to; APPROVAL_PENDING while there is none.
ToolOutcome PurchaseGate::settle_answer(const std::string& checkout_id,
                                        const CallContext& context) {
  const auto answered = questions_.find(pending_.at(checkout_id).question);
  if (answered && answered->state == QuestionState::kOpen) {
    return pending_outcome(pending_.at(checkout_id));
  }
  Pending pending = std::move(pending_.at(checkout_id));
  pending_.erase(checkout_id);
  const bool yes = answered && answered->state == QuestionState::kApproved;
  const bool no = answered && answered->state == QuestionState::kDeclined;
  const std::string reason = yes        ? "the total and the code were typed"
                             : answered ? reason_of_no(*answered)
                                        : "the person said no";
  notify([&](PurchaseObserver& observer) {
    observer.on_approval_decision(
        {pending.attempt.id, yes ? "approved" : "declined", "human", reason});
  });
  if (!yes) {
    if (no) declined_[pending.attempt.digest] = clock_.steady() + kQuestionSpan;
    PurchaseReport refusal;
    refusal.attempt = pending.attempt.id;
    refusal.end = PurchaseEnd::kDeclined;
    refusal.checkout_id = checkout_id;
    refusal.total = pending.attempt.total;
    refusal.message = reason;
    return refuse(refusal, "APPROVAL_DECLINED");
  }
  pending.attempt.channel = answered->channel;
  pending.attempt.approved_unix_ms = answered->answered_unix_ms;
  const std::string id = pending.attempt.id;
  return record_consent(
      std::move(pending.attempt),
      {id, pending.receipt, pending.known_purchases, began_at(answered->answered_unix_ms)},
      context);
}

ToolOutcome PurchaseGate::pending_outcome(const Pending& pending) const {
  const std::int64_t seconds =
      std::max<std::int64_t>(0, pending.expires_unix_ms - questions_.now_unix_ms()) / 1000;
  ToolOutcome outcome = tool_error(
      "APPROVAL_PENDING",
      fmt::format(
          "Not bought yet. Only the person can agree, outside of this chat, within {} s{}. A "
          "yes in the chat does not count. Do not make another checkout.",
          seconds, remedy_text(policy_.remedies, Remedy::kAnswerQuestion, ": ", pending.question)));
  outcome.content["approval_id"] = pending.question;
  outcome.content["expires_in_s"] = seconds;
  return outcome;
}

std::vector<SettledApproval> PurchaseGate::settle_pending(const CallContext& context) {
  std::vector<SettledApproval> settled;
  for (const PendingApproval& open : pending()) {
    ToolOutcome outcome =
        guarded(open.checkout_id, [&] { return settle_answer(open.checkout_id, context); });
    if (pending_.count(open.checkout_id) > 0) continue;
    settled.push_back({open.checkout_id, std::move(outcome)});
  }
  return settled;
}

std::vector<PendingApproval> PurchaseGate::pending() const {
  std::vector<PendingApproval> open;
  for (const auto& [checkout_id, pending] : pending_) {
    open.push_back({pending.question, checkout_id, pending.expires_unix_ms});
  }
  return open;
}

void PurchaseGate::withdraw_pending() {
  for (const auto& [checkout_id, pending] : pending_) {
    try {
      questions_.withdraw(pending.question,
                          "The program that asked has ended. Nothing was bought.");
    } catch (const Error&) {  // NOLINT: nobody's question is void without a word
    }
  }
  pending_.clear();
}

}  // namespace cartpilot::purchase
