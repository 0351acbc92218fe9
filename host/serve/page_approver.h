// PageApprover: asks a person on the page of `serve`.
//
// Tells the pages of the conversation that a question is open, and waits until it is answered: on
// any of them, through any process that shares the state, or by `cartpilot approve`. An answer is
// announced (see store/announcements.h); once a second it looks without. One thread, that of the
// turn.
#pragma once

#include <optional>
#include <string>

#include "purchase/approver.h"
#include "serve/turn_events.h"

namespace cartpilot::host {

class PageApprover final : public purchase::Approver {
 public:
  explicit PageApprover(TurnEvents& events) : events_(events) {}

  std::optional<std::string> unavailable() override { return std::nullopt; }
  std::chrono::milliseconds lifetime() const override { return purchase::kSharedLifetime; }
  void ask(const purchase::ApprovalQuestion& question, purchase::Questions& questions,
           const CallContext& context) override;

 private:
  TurnEvents& events_;
};

}  // namespace cartpilot::host
