// What a process that carried out a confirm tells the one that waits for it.
//
// For the words only: what counts is the record of purchases, which both read. Pure functions.
#pragma once

#include <optional>
#include <string>

#include "cartpilot/tool.h"
#include "purchase/gate.h"

namespace cartpilot::purchase {

struct ConfirmReport {
  PurchaseReport report;
  ToolOutcome outcome;
};

std::string to_text(const ConfirmReport& report);

/// nullopt for anything else than such a text, like one that was cut short.
std::optional<ConfirmReport> confirm_report_from(const std::string& text);

}  // namespace cartpilot::purchase
