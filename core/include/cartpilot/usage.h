// Tokens one answer cost, in the vendor's own count. A plain value.
#pragma once

#include <cstdint>

#include "cartpilot/detail/visibility.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

/// Running totals of one answer; each new event replaces the one before (vendors send snapshots,
/// not increments).
struct Usage {
  std::int64_t input_tokens = 0;      ///< prompt, including cached tokens
  std::int64_t output_tokens = 0;     ///< answer, including reasoning tokens
  std::int64_t reasoning_tokens = 0;  ///< part of output_tokens
  std::int64_t cached_tokens = 0;     ///< part of input_tokens

  Usage& operator+=(const Usage& other) {
    input_tokens += other.input_tokens;
    output_tokens += other.output_tokens;
    reasoning_tokens += other.reasoning_tokens;
    cached_tokens += other.cached_tokens;
    return *this;
  }
};

inline bool operator==(const Usage& a, const Usage& b) {
  return a.input_tokens == b.input_tokens && a.output_tokens == b.output_tokens &&
         a.reasoning_tokens == b.reasoning_tokens && a.cached_tokens == b.cached_tokens;
}

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
