// Words and amounts: how the offline shopper reads English and writes money.
//
// Pure functions over UTF-8; only ASCII letters are folded to lower case, all other characters are
// kept as they are. Money is whole minor units, never a double.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cartpilot::offline {

/// One word of a sentence. Punctuation around it is gone, signs that mean something (# $ < -) stay.
struct Word {
  std::string text;   ///< as written
  std::string lower;  ///< ASCII letters in lower case
};

/// Reads at most the first 2,000 bytes.
std::vector<Word> split_words(std::string_view text);

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words);

/// "2" and "two" (up to ten); nullopt for anything else and for more than six digits.
std::optional<std::int64_t> whole_number(std::string_view word);

/// "100", "99.50", "99,5", "1,299.99" in minor units. nullopt when it is no amount of at most two
/// decimals and nine digits.
std::optional<std::int64_t> amount_in_minor(std::string_view text);

/// "dollars" and "$" -> "USD". "" when `word` names no currency.
std::string currency_code(std::string_view word);

/// "79.99 USD".
std::string money_text(std::int64_t minor, const std::string& currency);

/// `text` without control characters, so that what a merchant wrote cannot break a line.
std::string one_line(const std::string& text);

/// Whether `text` (lower case) has a word that begins like `word`: "headphones" is found in "studio
/// headphone", "book" is not found in "notebook".
bool mentions(std::string_view text, std::string_view word);

std::string to_lower(std::string_view text);

}  // namespace cartpilot::offline
