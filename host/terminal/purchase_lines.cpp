#include "terminal/purchase_lines.h"

#include <fmt/format.h>

#include "commerce/money.h"
#include "text/terminal_text.h"

namespace cartpilot::host {
namespace {

constexpr std::size_t kMaxMessage = 1'000;

}  // namespace

std::vector<std::string> purchase_lines(const purchase::PurchaseReport& report) {
  switch (report.outcome) {
    case purchase::PurchaseOutcome::kDone: {
      std::vector<std::string> lines = {
          fmt::format("BOUGHT {}, merchant order {}", commerce::format_money(report.total),
                      report.merchant_order_id.empty() ? "number not available yet"
                                                       : text::field(report.merchant_order_id))};
      if (report.end == purchase::PurchaseEnd::kNotAsAgreed) {
        lines.push_back(fmt::format("NOT AS AGREED: {}", text::field(report.message, kMaxMessage)));
      }
      return lines;
    }
    case purchase::PurchaseOutcome::kNotDone:
      return {fmt::format("NOT BOUGHT: {}", text::field(report.message, kMaxMessage))};
    case purchase::PurchaseOutcome::kUnknown: break;
  }
  return {fmt::format("OUTCOME UNKNOWN: {}", text::field(report.message, kMaxMessage))};
}

std::string decision_line(const purchase::ApprovalDecision& decision) {
  if (decision.decision != "approved") return "";
  if (decision.by == "human") return "Approved by you. Not bought yet.";
  return fmt::format("APPROVED by {} ({}). Not bought yet.", text::field(decision.by),
                     text::field(decision.reason));
}

}  // namespace cartpilot::host
