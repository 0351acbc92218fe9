// One step of UTF-8 decoding, shared by the filters of this module.
//
// Accepts what Unicode calls well-formed: no over-long forms, no surrogates, nothing above
// U+10FFFF. Plain values; no state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cartpilot::text {

struct Utf8Step {
  enum class Kind {
    kPoint,      ///< `point` was read from `length` bytes
    kMalformed,  ///< `length` bytes can never be part of a well-formed sequence
    kIncomplete  ///< the text ends inside a sequence that is good so far; `length` bytes of it
  };
  Kind kind = Kind::kPoint;
  char32_t point = 0;
  std::size_t length = 0;
};

/// Reads the first sequence of `bytes`, which must not be empty. A malformed run is the longest
/// start of a good sequence (Unicode's "maximal subpart"), so every reader counts the same number
/// of replacements.
Utf8Step read_utf8(std::string_view bytes);

void append_utf8(std::string& target, char32_t point);

constexpr char32_t kReplacement = 0xFFFD;

}  // namespace cartpilot::text
