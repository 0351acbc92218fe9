// PageApprover: asks a person on the page of `serve`.
//
// Tells the pages of the conversation that a question is open, and waits until it is answered: on
// any of them, through any process that shares the state, or by `cartpilot approve`. One thread,
// that of the turn.
#pragma once

#include <optional>
#include <string>

#include "app/remote_approver.h"
#include "page/question_answers.h"
#include "purchase/approver.h"
#include "serve/turn_events.h"

namespace cartpilot::host {

class PageApprover final : public purchase::Approver {
 public:
  explicit PageApprover(TurnEvents& events)
      : events_(events), waiter_([this](const purchase::ApprovalQuestion& question) {
          events_.custom("cartpilot.question", {{"open", true}, {"id", question.id}});
        }) {}

  std::optional<std::string> unavailable() override { return std::nullopt; }
  std::chrono::milliseconds lifetime() const override { return purchase::kSharedLifetime; }

  void ask(const purchase::ApprovalQuestion& question, purchase::Questions& questions,
           const CallContext& context) override {
    waiter_.ask(question, questions, context);
    const auto closed = questions.find(question.id);
    if (!closed) return;
    const auto outcome = closed_outcome(*closed);
    events_.custom("cartpilot.question", {{"open", false},
                                          {"id", question.id},
                                          {"outcome", outcome.first},
                                          {"message", outcome.second}});
  }

 private:
  TurnEvents& events_;
  app::RemoteApprover waiter_;
};

}  // namespace cartpilot::host
