#include "cost/price.h"

#include <algorithm>
#include <limits>

namespace cartpilot::cost {

namespace {

/// Tokens times millionths per million tokens are trillionths; no count overflows 128 bits.
__extension__ typedef __int128 Wide;

const Rates& rates_for(const Price& price, std::int64_t input_tokens) {
  return price.long_rates && input_tokens > price.long_above ? *price.long_rates : price.rates;
}

Amount rounded_up(Wide trillionths, const std::string& currency) {
  constexpr int kPerNano = 1000;
  const Wide nanos = (trillionths + kPerNano - 1) / kPerNano;
  const Wide largest = std::numeric_limits<std::int64_t>::max();
  return {static_cast<std::int64_t>(std::min(nanos, largest)), currency};
}

}  // namespace

Cost cost_of(const Price& price, const Usage& usage) {
  const std::int64_t input = std::max<std::int64_t>(usage.input_tokens, 0);
  const std::int64_t cached = std::clamp<std::int64_t>(usage.cached_tokens, 0, input);
  const std::int64_t output = std::max<std::int64_t>(usage.output_tokens, 0);
  const Rates& rates = rates_for(price, input);
  const Wide total = Wide(input - cached) * rates.cache_write + Wide(cached) * rates.cached +
                     Wide(output) * rates.output;
  return {rounded_up(total, price.currency), input > cached && rates.cache_write > rates.input,
          price.checked};
}

Amount worst_case(const Price& price, std::int64_t bytes, std::int64_t max_output_tokens) {
  constexpr int kBytesPerToken = 3;
  const std::int64_t input = bytes / kBytesPerToken + 1;
  const Rates& rates = rates_for(price, input);
  const std::int64_t dearest = std::max({rates.input, rates.cache_write, rates.cached});
  return rounded_up(Wide(input) * dearest + Wide(max_output_tokens) * rates.output, price.currency);
}

std::optional<std::int64_t> parse_rate(std::string_view text) {
  constexpr std::size_t kDecimals = 6;
  constexpr std::size_t kMaxDigits = 7;
  const std::size_t dot = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, dot);
  const std::string_view rest = dot < text.size() ? text.substr(dot + 1) : std::string_view();
  if (whole.empty() || whole.size() > kMaxDigits || rest.size() > kDecimals) return std::nullopt;
  if (dot < text.size() && rest.empty()) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : std::string(whole) + std::string(rest)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  for (std::size_t i = rest.size(); i < kDecimals; ++i) value *= 10;
  return value;
}

}  // namespace cartpilot::cost
