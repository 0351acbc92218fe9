// PendingApprover: the surface of a server that nobody looks at.
//
// Says on standard error where the question can be answered and waits for nothing: the answer comes
// from `cartpilot approve` or the approval page. One thread.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "purchase/approver.h"
#include "terminal/output.h"

namespace cartpilot::host {

class PendingApprover final : public purchase::Approver {
 public:
  /// `page_url`: of the approval page; "" = there is none.
  explicit PendingApprover(std::string page_url) : page_url_(std::move(page_url)) {}

  std::optional<std::string> unavailable() override { return std::nullopt; }
  std::chrono::milliseconds lifetime() const override { return purchase::kSharedLifetime; }
  bool waits() const override { return false; }

  void ask(const purchase::ApprovalQuestion& question, purchase::Questions&,
           const CallContext&) override {
    const std::int64_t seconds = (question.expires_unix_ms - question.created_unix_ms) / 1000;
    try {
      const std::string page = page_url_.empty() ? "" : ", or on the page " + page_url_;
      err_marked(
          fmt::format("This needs your yes. On a terminal: cartpilot approve {}{}  (within {} s)",
                      question.id, page, seconds));
    } catch (const Error&) {  // NOLINT: nobody may read it; the question is open all the same
    }
  }

 private:
  const std::string page_url_;
};

}  // namespace cartpilot::host
