#include "purchase/approver.h"

#include <algorithm>
#include <utility>

namespace cartpilot::purchase {

ApprovalQuestion ask_person(Approver& approver, Questions& questions, ApprovalQuestion question,
                            const CallContext& context, std::chrono::milliseconds longest) {
  using std::chrono::milliseconds;
  const std::int64_t begin = questions.now_unix_ms();
  const auto turn = approver.wait_for_turn(context);
  // What is asked about does not wait for the surface to be free.
  const milliseconds waited(std::max<std::int64_t>(questions.now_unix_ms() - begin, 0));
  questions.open(question, std::min(approver.lifetime(), longest - waited).count());
  approver.ask(question, questions, context);
  questions.withdraw(question.id, "The program asks no longer.");
  if (auto answered = questions.find(question.id)) return *std::move(answered);
  question.state = QuestionState::kVoid;
  return question;
}

}  // namespace cartpilot::purchase
