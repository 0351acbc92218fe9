// Names of functions as a vendor accepts them.
//
// Names in a request's tools fit every vendor (tool.h). What a model writes, and what another
// vendor's model wrote earlier, may not. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/error.h"
#include "cartpilot/tool.h"
#include "cartpilot/vendor/call_ids.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

/// `name` itself when it has 1 to `most` letters, digits, '_' and '-'; else cleaned, and told apart
/// from similar ones by eight digits that depend on nothing but `name`.
inline std::string wire_function_name(const std::string& name, std::size_t most = 64) {
  bool fits = !name.empty() && name.size() <= most;
  for (const char c : name) fits = fits && (is_word_char(c) || c == '-');
  if (fits) return name;
  constexpr const char* kHex = "0123456789abcdef";
  std::string clean;
  for (const char c : name) {
    if (clean.size() + 9 >= most) break;
    clean += is_word_char(c) || c == '-' ? c : '_';
  }
  if (clean.empty()) clean = "unnamed";
  clean += '_';
  const std::uint64_t hash = stable_hash(name);
  for (int shift = 60; shift >= 32; shift -= 4) clean += kHex[(hash >> shift) & 15U];
  return clean;
}

/// Throws Error{kInvalidArgument} naming what there is when no tool has this name.
inline void require_declared(const std::string& name, const std::vector<ToolSpec>& tools) {
  std::vector<std::string> declared;
  for (const ToolSpec& tool : tools) {
    if (tool.name == name) return;
    declared.push_back(tool.name);
  }
  throw Error(ErrorCode::kInvalidArgument, "no function '" + one_line(name, 80) +
                                               "' is declared; declared are " + joined(declared));
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
