// CountedPurchases: passes on what the gate does, and counts it for whoever looks after the
// program: purchases by outcome, questions by answer. No amount, no name.
//
// The other observer is borrowed. The thread of the gate; counting never waits.
#pragma once

#include "purchase/gate.h"
#include "telemetry/span.h"

namespace cartpilot::app {

class CountedPurchases final : public purchase::PurchaseObserver {
 public:
  explicit CountedPurchases(purchase::PurchaseObserver& other) : other_(other) {}

  void on_approval_request(const purchase::ApprovalRequest& request) override {
    other_.on_approval_request(request);
  }
  void on_approval_decision(const purchase::ApprovalDecision& decision) override {
    telemetry::count("cartpilot.questions", "cartpilot.answer", decision.decision);
    other_.on_approval_decision(decision);
  }
  void on_purchase(const purchase::PurchaseReport& report) override {
    telemetry::count("cartpilot.purchases", "cartpilot.outcome", word_of(report.outcome));
    other_.on_purchase(report);
  }

 private:
  static const char* word_of(purchase::PurchaseOutcome outcome) {
    switch (outcome) {
      case purchase::PurchaseOutcome::kDone: return "done";
      case purchase::PurchaseOutcome::kNotDone: return "not_done";
      case purchase::PurchaseOutcome::kUnknown: return "unknown";
    }
    return "";
  }

  purchase::PurchaseObserver& other_;
};

}  // namespace cartpilot::app
