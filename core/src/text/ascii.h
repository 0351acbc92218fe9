// Words of protocols and command lines: ASCII only, the same in every locale; other bytes stay as
// they are.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "cartpilot/detail/characters.h"

namespace cartpilot::text {

using detail::lower_case;

inline std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

/// The words between any of the characters in `separators`, none of them empty.
inline std::vector<std::string> words_of(std::string_view text, std::string_view separators) {
  std::vector<std::string> words;
  for (std::size_t at = 0; (at = text.find_first_not_of(separators, at)) != text.npos;) {
    const std::size_t end = std::min(text.find_first_of(separators, at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

}  // namespace cartpilot::text
