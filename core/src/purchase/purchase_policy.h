// PurchasePolicy: what may be bought without asking, if anything. Values from the command line
// only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commerce/money.h"

namespace cartpilot::purchase {

enum class ApprovalMode { kNever, kAsk, kUpTo };

struct PurchasePolicy {
  ApprovalMode mode = ApprovalMode::kNever;
  commerce::Money up_to;               ///< kUpTo: largest total of one purchase
  std::vector<std::string> merchants;  ///< kUpTo: the only merchants it holds for
  std::string flag_text;               ///< as typed, for the record

  /// Hard cap of any one purchase, whoever says yes, in minor units.
  std::int64_t hard_cap_minor = 1'000'000;
  std::vector<std::string> currencies = {"USD", "EUR", "GBP"};
};

/// Reads --approve ("ask", "never", "up-to:150:USD") and --merchants ("merchant-a,merchant-b").
/// Throws Error{kInvalidArgument} with what is expected; "up-to" without merchants is refused.
PurchasePolicy parse_policy(std::string_view approve, std::string_view merchants);

}  // namespace cartpilot::purchase
