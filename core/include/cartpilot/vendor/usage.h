// Token counts as services tell them. Pure function; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/json.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

/// The member `key` of a usage object, bounded, so that sums of counts fit whatever a server sends;
/// nullopt when it is absent or no count.
inline std::optional<std::int64_t> token_count(const Json& usage, const char* key) {
  constexpr std::int64_t kMaxTokens = 1'000'000'000'000;
  const std::int64_t count = integer_or(usage, key, -1);
  if (count < 0 || count > kMaxTokens) return std::nullopt;
  return count;
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
