// PurchaseLines: the program's own words about purchases, on standard error and kept for the answer
// to the call that they are about. One thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cartpilot/error.h"
#include "purchase/gate.h"
#include "terminal/output.h"
#include "terminal/purchase_lines.h"

namespace cartpilot::host {

class PurchaseLines final : public purchase::PurchaseObserver {
 public:
  void on_approval_request(const purchase::ApprovalRequest&) override {}
  void on_approval_decision(const purchase::ApprovalDecision& decision) override {
    const std::string line = decision_line(decision);
    if (!line.empty()) add(line);
  }
  void on_purchase(const purchase::PurchaseReport& report) override {
    for (const std::string& line : purchase_lines(report)) add(line);
  }

  /// Those since the last call.
  std::vector<std::string> take() { return std::exchange(lines_, {}); }

 private:
  void add(const std::string& line) {
    lines_.push_back(marked_line(line));
    try {
      err_marked(line);
    } catch (const Error&) {  // NOLINT: the client may have closed it; the answer holds the line
    }
  }
  std::vector<std::string> lines_;
};

}  // namespace cartpilot::host
