#include "cost/limit.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "cartpilot/error.h"
#include "commerce/currency.h"
#include "cost/price.h"

namespace cartpilot::cost {

namespace {

constexpr std::array<std::pair<LimitPeriod, std::string_view>, 3> kPeriods = {
    {{LimitPeriod::kTurn, "turn"},
     {LimitPeriod::kConversation, "conversation"},
     {LimitPeriod::kDay, "day"}}};

[[noreturn]] void refuse_limit(const std::string& text, const std::string& what) {
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("'{}' {}; write it like 0.50:USD/conversation, with turn, conversation "
                          "or day behind the slash",
                          text, what));
}

}  // namespace

std::string_view period_name(LimitPeriod period) {
  for (const auto& [value, name] : kPeriods) {
    if (value == period) return name;
  }
  return "";
}

SpendLimit parse_limit(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) refuse_limit(text, "does not say for what time it holds");
  const std::string per = text.substr(slash + 1);
  const std::string money = text.substr(0, slash);
  const std::size_t colon = money.find(':');
  if (colon == std::string::npos) refuse_limit(text, "has no currency");
  const std::string currency = money.substr(colon + 1);
  if (!commerce::decimals_of(currency)) refuse_limit(text, "has no currency that is known");
  for (const auto& [period, name] : kPeriods) {
    if (name != per) continue;
    const auto millionths = parse_rate(money.substr(0, colon));
    if (!millionths) refuse_limit(text, "is no amount of at most six decimals");
    constexpr std::int64_t kNanos = 1000;
    return {period, {*millionths * kNanos, currency}};
  }
  refuse_limit(text, fmt::format("holds for '{}', which is no time there is", per));
}

std::string limit_text(const SpendLimit& limit) {
  return fmt::format("{} per {}", format_amount(limit.amount), period_name(limit.per));
}

}  // namespace cartpilot::cost
