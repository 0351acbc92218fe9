// What the program itself says about a purchase, whatever the model says.
//
// The same words in every entrance. Plain functions.
#pragma once

#include <string>
#include <vector>

#include "purchase/gate.h"

namespace cartpilot::host {

/// One or two lines for out_marked(), each starting with BOUGHT, NOT BOUGHT, OUTCOME UNKNOWN or NOT
/// AS AGREED.
std::vector<std::string> purchase_lines(const purchase::PurchaseReport& report);

/// The line after an approval; it says that nothing is bought by it. "" for every other decision,
/// which a purchase line follows.
std::string decision_line(const purchase::ApprovalDecision& decision);

}  // namespace cartpilot::host
