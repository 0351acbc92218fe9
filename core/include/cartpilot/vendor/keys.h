// Keys as people paste them. Pure function; any thread.
#pragma once

#include <algorithm>
#include <string>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/error.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

/// Throws Error{kUnauthenticated} naming the variable when `key` cannot stand in a header.
inline void require_printable_key(const std::string& key, const std::string& variable) {
  if (std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7F; })) return;
  throw Error(ErrorCode::kUnauthenticated,
              variable +
                  " holds characters that no key has (a line break, a blank, a quotation "
                  "mark of a word processor?); set it again");
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
