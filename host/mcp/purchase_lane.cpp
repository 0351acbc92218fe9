#include "mcp/purchase_lane.h"

#include <algorithm>
#include <utility>

#include "app/turn.h"
#include "base/clock.h"

namespace cartpilot::host {
namespace {

constexpr std::chrono::milliseconds kLookForAnswers{250};
constexpr std::chrono::milliseconds kLookForCancellation{20};
constexpr std::int64_t kConsentMs = 5 * 60 * 1000;

}  // namespace

PurchaseLane::PurchaseLane(app::ShoppingSession& session, PurchaseLines& lines,
                           ApprovalBoard& board)
    : session_(session), lines_(lines), board_(board), thread_([this] { work(); }) {}

PurchaseLane::~PurchaseLane() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

PurchaseLane::Reply PurchaseLane::run(const ToolCall& call, const CallContext& context) {
  Job job(call);
  std::unique_lock lock(mutex_);
  jobs_.push_back(&job);
  changed_.notify_all();
  bool told = false;
  while (!job.done) {
    changed_.wait_for(lock, kLookForCancellation);
    if (told || !context.cancelled()) continue;
    told = true;
    job.cancellation.cancel();
    // One that has not begun leaves the queue at once.
    const auto waiting = std::find(jobs_.begin(), jobs_.end(), &job);
    if (waiting == jobs_.end()) continue;
    jobs_.erase(waiting);
    return {tool_error("CANCELLED", "the call was cancelled before it began"), {}};
  }
  return std::move(job.reply);
}

void PurchaseLane::work() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    if (jobs_.empty()) {
      changed_.wait_for(lock, kLookForAnswers, [&] { return ending_ || !jobs_.empty(); });
    }
    if (jobs_.empty()) {
      lock.unlock();
      settle_pending();
      lock.lock();
      continue;
    }
    Job& job = *jobs_.front();
    jobs_.pop_front();
    lock.unlock();
    carry_out(job);
    lock.lock();
    job.done = true;
    changed_.notify_all();
  }
  for (Job* job : jobs_) {
    job->reply.outcome = tool_error("CANCELLED", "the program ends");
    job->done = true;
  }
  jobs_.clear();
  changed_.notify_all();
  lock.unlock();
  session_.withdraw_pending();
}

void PurchaseLane::carry_out(Job& job) {
  const telemetry::SpanScope below(job.span);
  try {
    app::Turn turn(session_, job.cancellation);
    if (!reconciled_) {
      turn.reconcile();
      reconciled_ = true;
      lines_.take();  // about earlier purchases
    }
    ToolResult result = std::move(turn.run({job.call}).front());
    job.reply.outcome = {!result.is_error, std::move(result.content)};
  } catch (const Error& error) {
    job.reply.outcome = tool_error("STATE_UNAVAILABLE", error.what());
  }
  job.reply.lines = lines_.take();
  show_pending();
  show_outcome(job);
}

/// What came of a money call is what is known about the approval from now on.
void PurchaseLane::show_outcome(const Job& job) {
  if (job.call.name != "approve_checkout" && job.call.name != "confirm_checkout") return;
  const std::string code = string_or(job.reply.outcome.content, "error_code");
  if (code == "APPROVAL_PENDING" || code == "CANCELLED") return;
  const std::string checkout_id = string_or(job.call.arguments, "checkout_id");
  // A refusal of a checkout that nobody was asked about is no approval.
  const auto known = board_.find(checkout_id);
  if (!job.reply.outcome.ok && (!known || known->bought)) return;
  ApprovalStatus status;
  status.open = false;
  status.outcome = job.reply.outcome;
  status.lines = job.reply.lines;
  status.until_unix_ms = base::unix_ms_now() + kConsentMs;
  status.bought = job.reply.outcome.ok && job.call.name == "confirm_checkout";
  board_.put(checkout_id, std::move(status));
}

void PurchaseLane::settle_pending() {
  if (session_.pending_approvals().empty()) return;
  const app::Cancellation never;
  try {
    app::Turn turn(session_, never);
    for (purchase::SettledApproval& settled : turn.settle_pending()) {
      ApprovalStatus status;
      status.open = false;
      status.outcome = std::move(settled.outcome);
      status.lines = lines_.take();
      status.until_unix_ms = base::unix_ms_now() + kConsentMs;
      board_.put(settled.checkout_id, std::move(status));
    }
  } catch (
      const Error&) {  // NOLINT: the state is out of reach at present; the next look may succeed
  }
}

void PurchaseLane::show_pending() {
  for (const purchase::PendingApproval& pending : session_.pending_approvals()) {
    ApprovalStatus status;
    status.question = pending.question;
    status.until_unix_ms = pending.expires_unix_ms;
    board_.put(pending.checkout_id, std::move(status));
  }
}

}  // namespace cartpilot::host
