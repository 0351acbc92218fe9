// Single characters of UTF-8 text, for the whole program and every plugin.
//
// ASCII letters alone have a case here, the same in every locale; other bytes stay as they are.
// Pure functions; thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cartpilot/detail/visibility.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace detail {

constexpr char lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

inline std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = lower_case(c);
  return lower;
}

/// A byte of a UTF-8 sequence that is not its first one.
constexpr bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// At most `limit` bytes of `text`, not ending inside a UTF-8 sequence.
inline std::string cut_text(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t end = limit;
  while (end > 0 && continues_character(text[end])) --end;
  text.resize(end);
  return text;
}

}  // namespace detail
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
