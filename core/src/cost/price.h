// Price: what the tokens of one model cost, and the arithmetic of it.
//
// Rates are millionths of a currency per million tokens, as vendors publish them ("0.075"). Values
// and pure functions; any thread.
//
// Vendors count alike where it matters here, because Usage is normalised: cached tokens are a part
// of the input and cost their own rate, reasoning tokens are a part of the output and cost the rate
// of output. Some vendors charge more for input that they write into their cache. Usage does not
// say how much that was, so all input that was not read from the cache is charged as written: the
// cost is then an upper bound.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cartpilot/stream_event.h"
#include "cost/amount.h"

namespace cartpilot::cost {

struct Rates {
  std::int64_t input = 0;
  std::int64_t cached = 0;
  std::int64_t cache_write = 0;  ///< at least `input`
  std::int64_t output = 0;

  friend bool operator==(const Rates&, const Rates&) = default;
};

struct Price {
  Rates rates;
  std::optional<Rates> long_rates;  ///< of a whole request with more than `long_above` input tokens
  std::int64_t long_above = 0;
  std::string currency;
  std::string checked;  ///< the day it was read; "" = it cannot be old
  std::string from;     ///< the first day it holds; "" = always
  std::string source;

  friend bool operator==(const Price&, const Price&) = default;
};

struct Cost {
  Amount amount;
  bool at_most = false;  ///< cache writes may have been fewer
  std::string checked;   ///< day of the price

  friend bool operator==(const Cost&, const Cost&) = default;
};

/// A price older than this is called an estimate.
constexpr int kMaxPriceAgeDays = 90;

/// Of one request; rounded up to a billionth.
Cost cost_of(const Price& price, const Usage& usage);

/// The most that a request of `bytes` bytes can cost: a token for every three bytes, none of them
/// cached, and `max_output_tokens` of output.
Amount worst_case(const Price& price, std::int64_t bytes, std::int64_t max_output_tokens);

/// "1.25" as millionths; nullopt for what is no number of at most six decimals and 1'000'000.
std::optional<std::int64_t> parse_rate(std::string_view text);

}  // namespace cartpilot::cost
