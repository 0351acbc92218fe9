// The part of PurchaseGate for confirms that another process carries out: both ends of it.
#include <fmt/format.h>

#include "cartpilot/error.h"
#include "purchase/confirm_report.h"
#include "purchase/gate.h"

namespace cartpilot::purchase {

/// For a confirm that is recorded. What is said about it is the other process's; what is known is
/// the record's.
ToolOutcome PurchaseGate::conclude_elsewhere(const Attempt& attempt) {
  const ConfirmRunner::Result ran = runner_->run(attempt);
  if (ran.kind == ConfirmRunner::Result::Kind::kNotSent) {
    PurchaseReport report;
    report.attempt = attempt.id;
    report.end = PurchaseEnd::kNoRecord;
    report.checkout_id = attempt.checkout_id;
    report.total = attempt.total;
    report.message = fmt::format("the purchase could not be started ({}){}", ran.why,
                                 record(attempt.id, AttemptState::kVoid, {ran.why, "", "", false}));
    return refuse(report, "NOT_STARTED");
  }
  if (ran.kind == ConfirmRunner::Result::Kind::kLeft) {
    return {false, Json{{"status", "unknown"},
                        {"checkout_id", attempt.checkout_id},
                        {"do", "nothing: the outcome will be on record"},
                        {"message",
                         "the purchase goes on in a process of its own while this program ends"}}};
  }
  auto told = confirm_report_from(ran.report);
  if (!told || told->report.attempt != attempt.id) return as_recorded(attempt);
  if (told->outcome.ok) results_[attempt.checkout_id] = told->outcome.content;
  if (told->report.end == PurchaseEnd::kChanged) {
    last_totals_[attempt.checkout_id] = attempt.total;
    last_totals_[attempt.basket] = attempt.total;
  }
  notify(told->report);
  return std::move(told->outcome);
}

/// The other process said nothing that can be read. Whatever fails here, the confirm may have been
/// sent.
ToolOutcome PurchaseGate::as_recorded(const Attempt& attempt) {
  Resolution ending;
  ending.attempt = attempt;
  ending.why = "the process that bought it ended without a word";
  try {
    const Attempt now = journal_.find(attempt.id).value_or(attempt);
    return outcome_of(now.state == AttemptState::kDone ? recorded_as_done(now)
                                                       : still_unknown(now, ending.why));
  } catch (const Error&) {
    return outcome_of(ending);
  }
}

ToolOutcome PurchaseGate::confirm_handed_over(ConfirmHandovers& handovers,
                                              const std::string& attempt, const std::string& token,
                                              const CallContext& context) {
  const auto taken = handovers.take(attempt, token);
  if (!taken) {
    return tool_error("NO_HANDOVER", "there is no purchase that this process may carry out");
  }
  return conclude(*taken, send_confirm(*taken, context), context);
}

}  // namespace cartpilot::purchase
