#include "app/remote_approver.h"

#include <utility>

#include "base/wait.h"

namespace cartpilot::app {
namespace {

constexpr std::chrono::milliseconds kPoll{50};
constexpr int kPollsPerLook = 5;

}  // namespace

RemoteApprover::RemoteApprover(std::function<void(const purchase::ApprovalQuestion&)> announce)
    : announce_(std::move(announce)) {}

void RemoteApprover::ask(const purchase::ApprovalQuestion& question, purchase::Questions& questions,
                         const CallContext& context) {
  announce_(question);
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

}  // namespace cartpilot::app
