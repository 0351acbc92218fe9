#include "cost/amount.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "commerce/currency.h"

namespace cartpilot::cost {

namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr int kShownDecimals = 6;

}  // namespace

std::int64_t sum(std::int64_t a, std::int64_t b) {
  std::int64_t both = 0;
  return __builtin_add_overflow(a, b, &both) ? kLargest : both;
}

std::string format_amount(const Amount& amount) {
  constexpr std::int64_t kHidden = 1000;  // billionths in the last decimal that is shown
  const std::int64_t millionths = amount.nanos / kHidden + (amount.nanos % kHidden > 0 ? 1 : 0);
  std::string text = fmt::format("{}.{:06}", millionths / 1'000'000, millionths % 1'000'000);
  const int least = std::min(commerce::decimals_of(amount.currency).value_or(2), kShownDecimals);
  const std::size_t shortest = text.size() - kShownDecimals + static_cast<std::size_t>(least);
  while (text.size() > shortest && text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text + " " + amount.currency;
}

}  // namespace cartpilot::cost
