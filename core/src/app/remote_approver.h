// RemoteApprover: waits while a person answers a question on a surface of another program.
//
// For front ends that have no surface of their own where the question is asked. Announces it once,
// then looks for its answer in the state every 250 ms. One thread.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "purchase/approver.h"

namespace cartpilot::app {

class RemoteApprover final : public purchase::Approver {
 public:
  /// `announce` tells the person that the question is open, and where it can be answered.
  explicit RemoteApprover(std::function<void(const purchase::ApprovalQuestion&)> announce);

  std::optional<std::string> unavailable() override { return std::nullopt; }
  std::chrono::milliseconds lifetime() const override { return purchase::kSharedLifetime; }
  void ask(const purchase::ApprovalQuestion& question, purchase::Questions& questions,
           const CallContext& context) override;

 private:
  const std::function<void(const purchase::ApprovalQuestion&)> announce_;
};

}  // namespace cartpilot::app
