#include "offline/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace cartpilot::offline {

namespace {

constexpr std::size_t kReadBytes = 2'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_blank(char c) { return static_cast<unsigned char>(c) <= 0x20; }

bool belongs_to_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view without_punctuation(std::string_view word) {
  constexpr std::string_view kOpening = "\"'([{*";
  constexpr std::string_view kClosing = "\"')]}*.,;:!?";
  while (!word.empty() && kOpening.find(word.front()) != std::string_view::npos) {
    word.remove_prefix(1);
  }
  while (!word.empty() && kClosing.find(word.back()) != std::string_view::npos) {
    word.remove_suffix(1);
  }
  return word;
}

}  // namespace

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::vector<Word> split_words(std::string_view text) {
  text = text.substr(0, kReadBytes);
  std::vector<Word> words;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin;
    while (end < text.size() && !is_blank(text[end])) ++end;
    const std::string_view word = without_punctuation(text.substr(begin, end - begin));
    if (!word.empty()) words.push_back({std::string(word), to_lower(word)});
    begin = end + 1;
  }
  return words;
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::optional<std::int64_t> whole_number(std::string_view word) {
  static constexpr std::array<std::string_view, 10> kNames = {
      "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"};
  const auto* const name = std::find(kNames.begin(), kNames.end(), word);
  if (name != kNames.end()) return name - kNames.begin() + 1;
  if (word.empty() || word.size() > 6 || !std::all_of(word.begin(), word.end(), is_digit)) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  for (const char c : word) value = value * 10 + (c - '0');
  return value;
}

std::optional<std::int64_t> amount_in_minor(std::string_view text) {
  // The last point or comma begins the decimals, unless three digits follow it.
  const std::size_t mark = text.find_last_of(".,");
  std::string_view whole = text;
  std::string_view decimals;
  if (mark != std::string_view::npos) {
    const std::size_t after = text.size() - mark - 1;
    if (after == 1 || after == 2) {
      whole = text.substr(0, mark);
      decimals = text.substr(mark + 1);
    } else if (after != 3 || text[mark] == '.') {
      return std::nullopt;
    }
  }
  std::int64_t value = 0;
  std::size_t digits = 0;
  std::size_t group = 0;
  bool grouped = false;
  for (const char c : whole) {
    if (c == ',' || (c == '.' && !decimals.empty())) {
      if (group == 0 || group > 3 || (grouped && group != 3)) return std::nullopt;
      grouped = true;
      group = 0;
    } else if (is_digit(c) && ++digits <= 9) {
      value = value * 10 + (c - '0');
      ++group;
    } else {
      return std::nullopt;
    }
  }
  if (digits == 0 || (grouped && group != 3)) return std::nullopt;
  value *= 100;
  for (std::size_t i = 0; i < decimals.size(); ++i) {
    if (!is_digit(decimals[i])) return std::nullopt;
    value += (decimals[i] - '0') * (i == 0 ? 10 : 1);
  }
  return value;
}

std::string currency_code(std::string_view word) {
  if (is_one_of(word, {"$", "usd", "us$", "dollar", "dollars", "buck", "bucks"})) return "USD";
  if (is_one_of(word, {"€", "eur", "euro", "euros"})) return "EUR";
  if (is_one_of(word, {"£", "gbp", "pound", "pounds", "quid"})) return "GBP";
  return "";
}

/// ISO 4217: most currencies have two.
std::size_t decimals_of(const std::string& currency) {
  constexpr std::string_view kNone =
      "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
  constexpr std::string_view kThree = "BHD IQD JOD KWD LYD OMR TND";
  if (currency.size() != 3) return 2;
  if (kNone.find(currency) != std::string_view::npos) return 0;
  return kThree.find(currency) != std::string_view::npos ? 3 : 2;
}

std::string money_text(std::int64_t minor, const std::string& currency) {
  const std::size_t decimals = decimals_of(currency);
  // The magnitude as unsigned, so that the smallest integer has one too.
  const bool negative = minor < 0;
  const auto bits = static_cast<std::uint64_t>(minor);
  std::string digits = std::to_string(negative ? std::uint64_t{0} - bits : bits);
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  if (decimals > 0) digits.insert(digits.size() - decimals, ".");
  return fmt::format("{}{} {}", negative ? "-" : "", digits, currency);
}

std::string one_line(const std::string& text) {
  std::string line = text;
  for (char& c : line) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = ' ';
  }
  return line;
}

bool mentions(std::string_view text, std::string_view word) {
  std::string_view stem = word;
  if (stem.size() > 3 && stem.back() == 's') stem.remove_suffix(1);
  for (std::size_t at = text.find(stem); at != std::string_view::npos;
       at = text.find(stem, at + 1)) {
    if (at == 0 || !belongs_to_word(text[at - 1])) return true;
  }
  return false;
}

}  // namespace cartpilot::offline
