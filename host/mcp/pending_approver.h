// PendingApprover: the surface of a server that nobody looks at.
//
// Says on standard error where the question can be answered and waits for nothing: the answer comes
// from `cartpilot approve`. One thread.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>

#include "purchase/approver.h"
#include "terminal/output.h"

namespace cartpilot::host {

class PendingApprover final : public purchase::Approver {
 public:
  std::optional<std::string> unavailable() override { return std::nullopt; }
  std::chrono::milliseconds lifetime() const override { return purchase::kSharedLifetime; }
  bool waits() const override { return false; }

  void ask(const purchase::ApprovalQuestion& question, purchase::Questions&,
           const CallContext&) override {
    const std::int64_t seconds = (question.expires_unix_ms - question.created_unix_ms) / 1000;
    try {
      err_marked(
          fmt::format("This needs your yes. On a terminal: cartpilot approve {}  (within {} s)",
                      question.id, seconds));
    } catch (const Error&) {  // NOLINT: nobody may read it; the question is open all the same
    }
  }
};

}  // namespace cartpilot::host
