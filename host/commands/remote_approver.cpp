#include "commands/remote_approver.h"

#include <fmt/format.h>

#include <utility>

#include "base/wait.h"

namespace cartpilot::host {
namespace {

constexpr std::chrono::milliseconds kPoll{50};
constexpr int kPollsPerLook = 5;

}  // namespace

RemoteApprover::RemoteApprover(std::function<void(const std::string&)> say)
    : say_(std::move(say)) {}

void RemoteApprover::ask(const purchase::ApprovalQuestion& question, purchase::Questions& questions,
                         const CallContext& context) {
  const std::int64_t minutes = (question.expires_unix_ms - question.created_unix_ms) / 60'000;
  say_(
      fmt::format("[cartpilot] This needs your yes. On a terminal: cartpilot approve {}  "
                  "(within {} minutes)",
                  question.id, minutes));
  for (int polls = 0;; ++polls) {
    if (context.cancelled()) {
      questions.decline(question.id, {"program", "the program"}, "interrupted");
      return;
    }
    if (polls % kPollsPerLook == 0) {
      const auto found = questions.find(question.id);
      if (!found || found->state != purchase::QuestionState::kOpen) return;
    }
    base::wait_unless_cancelled(kPoll, context);
  }
}

}  // namespace cartpilot::host
