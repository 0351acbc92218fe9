#include "terminal/purchase_lines.h"

#include <fmt/format.h>

#include "commerce/money.h"

namespace cartpilot::host {

std::vector<std::string> purchase_lines(const purchase::PurchaseReport& report) {
  switch (report.outcome) {
    case purchase::PurchaseOutcome::kDone: {
      std::vector<std::string> lines = {fmt::format(
          "[cartpilot] BOUGHT {}, merchant order {}", commerce::format_money(report.total),
          report.merchant_order_id.empty() ? "number not available yet"
                                           : report.merchant_order_id)};
      if (report.end == purchase::PurchaseEnd::kNotAsAgreed) {
        lines.push_back(fmt::format("[cartpilot] NOT AS AGREED: {}", report.message));
      }
      return lines;
    }
    case purchase::PurchaseOutcome::kNotDone:
      return {fmt::format("[cartpilot] NOT BOUGHT: {}", report.message)};
    case purchase::PurchaseOutcome::kUnknown: break;
  }
  return {fmt::format("[cartpilot] OUTCOME UNKNOWN: {}", report.message)};
}

std::string decision_line(const purchase::ApprovalDecision& decision) {
  if (decision.decision != "approved") return "";
  if (decision.by == "human") return "[cartpilot] Approved by you. Not bought yet.";
  return fmt::format("[cartpilot] Approved by {} ({}). Not bought yet.", decision.by,
                     decision.reason);
}

}  // namespace cartpilot::host
