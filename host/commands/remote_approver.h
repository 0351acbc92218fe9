// RemoteApprover: waits while a person answers on another terminal with `cartpilot approve`.
//
// For programs without a terminal of their own. Says once where the question can be answered, looks
// for the answer every 250 ms. One thread.
#pragma once

#include <functional>
#include <string>

#include "purchase/approver.h"

namespace cartpilot::host {

class RemoteApprover final : public purchase::Approver {
 public:
  /// `say` shows one line to the person.
  explicit RemoteApprover(std::function<void(const std::string&)> say);

  std::optional<std::string> unavailable() override { return std::nullopt; }
  std::chrono::milliseconds lifetime() const override { return purchase::kSharedLifetime; }
  void ask(const purchase::ApprovalQuestion& question, purchase::Questions& questions,
           const CallContext& context) override;

 private:
  const std::function<void(const std::string&)> say_;
};

}  // namespace cartpilot::host
