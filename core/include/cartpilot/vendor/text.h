// Text as vendors' translators need it: ASCII case, trimming, excerpts of one line, words in
// messages of servers.
//
// Pure functions, independent of the locale; they own nothing and may be called from any thread.
// Letters outside ASCII pass unchanged.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cartpilot/detail/characters.h"
#include "cartpilot/detail/visibility.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A letter, a digit or '_'.
inline bool is_word_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

inline std::string lower(std::string_view text) { return detail::lower_case(text); }

inline std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

/// `text` in lower case without '_', '-' and quotation marks: "maxOutputTokens" and
/// "max_output_tokens" are one name.
inline std::string plain_spelling(std::string_view text) {
  std::string plain;
  for (const char c : lower(text)) {
    if (c != '_' && c != '-' && c != '`' && c != '\'' && c != '"') plain += c;
  }
  return plain;
}

/// The part of `text` between white space.
inline std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\f\v";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

inline bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

inline bool contains_any(std::string_view text, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts) {
    if (contains(text, part)) return true;
  }
  return false;
}

inline bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

inline bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// True when `word` stands in `text` with no word character on either side.
inline bool contains_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word_char(text[at - 1])) &&
        (end == text.size() || !is_word_char(text[end]))) {
      return true;
    }
  }
  return false;
}

/// `text` with runs of white space and control characters as one blank, cut (with "...") after at
/// most `limit` bytes, never inside a UTF-8 sequence.
inline std::string one_line(std::string_view text, std::size_t limit) {
  std::string line;
  bool blank = false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == 0x7F) {
      blank = !line.empty();
      continue;
    }
    if (blank) line += ' ';
    blank = false;
    line += c;
    if (line.size() > limit) break;
  }
  return line.size() <= limit ? line : detail::cut_text(std::move(line), limit) + "...";
}

inline std::string joined(const std::vector<std::string>& words, std::string_view between = ", ") {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += between;
    text += word;
  }
  return text;
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
