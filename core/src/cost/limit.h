// SpendLimit: how much models may cost, in a turn, a conversation or a day.
//
// Values; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cost/amount.h"

namespace cartpilot::cost {

/// The reason of errors that say so.
inline constexpr const char* kCostLimitReason = "model_cost_limit";

enum class LimitPeriod { kTurn, kConversation, kDay };

struct SpendLimit {
  LimitPeriod per = LimitPeriod::kConversation;
  Amount amount;

  friend bool operator==(const SpendLimit&, const SpendLimit&) = default;
};

/// "turn", "conversation", "day".
std::string_view period_name(LimitPeriod period);

/// Reads "0.50:USD/turn", ".../conversation" or ".../day". Throws Error{kInvalidArgument} that
/// begins with `text`.
SpendLimit parse_limit(const std::string& text);

/// "0.50 USD per turn".
std::string limit_text(const SpendLimit& limit);

}  // namespace cartpilot::cost
