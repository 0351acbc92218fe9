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

std::optional<std::int64_t> amount_in_hundredths(std::string_view text) {
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
  if (is_one_of(word, {"¥", "jpy", "yen"})) return "JPY";
  return "";
}

// As in the host, whose table a plugin cannot reach; a test compares the two.
std::optional<std::size_t> currency_decimals(std::string_view currency) {
  struct Row {
    std::size_t decimals;
    std::string_view codes;
  };
  static constexpr Row kRows[] = {
      {0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"},
      {3, "BHD IQD JOD KWD LYD OMR TND"},
      {4, "CLF UYW"},
      {2,
       "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP "
       "BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD "
       "FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD "
       "KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD "
       "NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP "
       "SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED "
       "VES WST XCD YER ZAR ZMW ZWG"}};
  if (currency.size() != 3 || currency.find(' ') != std::string_view::npos) return std::nullopt;
  for (const Row& row : kRows) {
    for (std::size_t at = 0; at < row.codes.size(); at += 4) {
      if (row.codes.substr(at, 3) == currency) return row.decimals;
    }
  }
  return std::nullopt;
}

namespace {

std::int64_t times_ten_to(std::int64_t value, std::size_t power) {
  for (; power > 0; --power) {
    std::int64_t product = 0;
    if (__builtin_mul_overflow(value, std::int64_t{10}, &product)) {
      return value < 0 ? -INT64_MAX : INT64_MAX;
    }
    value = product;
  }
  return value;
}

}  // namespace

std::optional<std::int64_t> compared_with_hundredths(std::int64_t minor, std::string_view currency,
                                                     std::int64_t hundredths) {
  const auto decimals = currency_decimals(currency);
  if (!decimals) return std::nullopt;
  std::int64_t difference = 0;
  const std::int64_t price = times_ten_to(minor, kMaxDecimals - *decimals);
  const std::int64_t bound = times_ten_to(hundredths, kMaxDecimals - 2);
  if (__builtin_sub_overflow(price, bound, &difference)) return price < 0 ? -INT64_MAX : INT64_MAX;
  return std::max(difference, -INT64_MAX);
}

std::string hundredths_text(std::int64_t hundredths, const std::string& currency) {
  const std::string known = currency.empty() ? "USD" : currency;
  const std::size_t decimals = currency_decimals(known).value_or(2);
  const std::int64_t minor = decimals < 2 ? hundredths / times_ten_to(1, 2 - decimals)
                                          : times_ten_to(hundredths, decimals - 2);
  std::string text = money_text(minor, known);
  return currency.empty() ? text.substr(0, text.find(' ')) : text;
}

std::string money_text(std::int64_t minor, const std::string& currency) {
  const auto known = currency_decimals(currency);
  if (!known) return fmt::format("{} smallest units of {}", minor, currency);
  const std::size_t decimals = *known;
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
