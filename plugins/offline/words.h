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

/// "100", "99.50", "99,5", "1,299.99" in hundredths. nullopt when it is no amount of at most two
/// decimals and nine digits.
std::optional<std::int64_t> amount_in_hundredths(std::string_view text);

/// "dollars" and "$" -> "USD". "" when `word` names no currency.
std::string currency_code(std::string_view word);

/// Of ISO 4217; nullopt for a code that is not in it.
inline constexpr std::size_t kMaxDecimals = 4;
std::optional<std::size_t> currency_decimals(std::string_view currency);

/// "79.99 USD", "6181 JPY"; "6181 smallest units of XXX" when the currency is not known.
std::string money_text(std::int64_t minor, const std::string& currency);

/// A limit: "100.00 USD", "5000 JPY", "100.00" without a currency.
std::string hundredths_text(std::int64_t hundredths, const std::string& currency);

/// A price minus a bound in hundredths of the price's currency: below, at or above zero, and never
/// INT64_MIN. nullopt when the currency is not known.
std::optional<std::int64_t> compared_with_hundredths(std::int64_t minor, std::string_view currency,
                                                     std::int64_t hundredths);

/// `text` without control characters, so that what a merchant wrote cannot break a line.
std::string one_line(const std::string& text);

/// Whether `text` (lower case) has a word that begins like `word`: "headphones" is found in "studio
/// headphone", "book" is not found in "notebook".
bool mentions(std::string_view text, std::string_view word);

std::string to_lower(std::string_view text);

}  // namespace cartpilot::offline
