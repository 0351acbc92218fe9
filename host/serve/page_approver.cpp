#include "serve/page_approver.h"

#include "base/clock.h"
#include "page/question_answers.h"
#include "store/announcements.h"

namespace cartpilot::host {
namespace {

constexpr std::chrono::milliseconds kLookForStop{50};
constexpr std::chrono::seconds kLook{1};

void wait_for_answer(const std::string& id, purchase::Questions& questions,
                     const CallContext& context) {
  std::uint64_t seen = store::announcements();
  auto looked = base::steady_now() - kLook;
  for (;;) {
    if (context.cancelled()) {
      questions.decline(id, {"page", "you"}, "interrupted");
      return;
    }
    const std::uint64_t heard = store::wait_for_announcement(seen, kLookForStop);
    if (heard == seen && base::steady_now() - looked < kLook) continue;
    seen = heard;
    looked = base::steady_now();
    const auto found = questions.find(id);
    if (!found || found->state != purchase::QuestionState::kOpen) return;
  }
}

}  // namespace

void PageApprover::ask(const purchase::ApprovalQuestion& question, purchase::Questions& questions,
                       const CallContext& context) {
  events_.custom("cartpilot.question", {{"open", true}, {"id", question.id}});
  wait_for_answer(question.id, questions, context);
  const auto closed = questions.find(question.id);
  if (!closed) return;
  const auto outcome = closed_outcome(*closed);
  events_.custom("cartpilot.question", {{"open", false},
                                        {"id", question.id},
                                        {"outcome", outcome.first},
                                        {"message", outcome.second}});
}

}  // namespace cartpilot::host
