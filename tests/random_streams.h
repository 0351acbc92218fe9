// Random text, and the pieces in which servers may send it.
//
// The same seed gives the same answer everywhere. A text may be cut between any two of its
// characters, UTF-16 units and bytes. Values; one thread.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cartpilot::tests {

/// Seeds that a property test runs; CARTPILOT_STREAM_SEEDS says how many.
inline std::uint64_t stream_seeds() {
  const char* told = std::getenv("CARTPILOT_STREAM_SEEDS");
  return told == nullptr ? 500 : std::strtoull(told, nullptr, 10);
}

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : bits_(seed) {}

  /// From 0 to `count` - 1. (A distribution of the library differs from one library to the next.)
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(bits_() % count); }
  bool often() { return below(2) == 0; }
  bool seldom() { return below(5) == 0; }

  template <class Value>
  const Value& one_of(const std::vector<Value>& values) {
    return values[below(values.size())];
  }

  template <class Value>
  void shuffle(std::vector<Value>& values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

 private:
  std::mt19937_64 bits_;
};

/// A text of a few words with characters of every length.
inline std::string random_text(Dice& dice) {
  static const std::vector<std::string> kPieces = {"a",
                                                   "Hello",
                                                   " ",
                                                   "zw\xC3\xB6lf ",
                                                   "\xE2\x82\xAC ",
                                                   "\xF0\x9F\x8E\xA7",
                                                   "\\",
                                                   "\"",
                                                   "\n",
                                                   "{}",
                                                   "\xF0\x9F\x91\x8D\xF0\x9F\x8F\xBD",
                                                   "[DONE]",
                                                   "data: ",
                                                   "7"};
  std::string text = "t";
  for (std::size_t i = dice.below(8); i > 0; --i) text += dice.one_of(kPieces);
  return text;
}

/// What stands for `text` inside a JSON string, in units that may come apart.
inline std::vector<std::string> json_units(std::string_view text, Dice& dice) {
  constexpr const char* kHex = "0123456789abcdef";
  const auto escape = [](unsigned unit) {
    return std::string("\\u") + kHex[unit >> 12U] + kHex[(unit >> 8U) & 15U] +
           kHex[(unit >> 4U) & 15U] + kHex[unit & 15U];
  };
  std::vector<std::string> units;
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    unsigned code = length == 1 ? first : first & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
      code = (code << 6U) | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
    }
    if (code < 0x20 || code == '"' || code == '\\') {
      units.push_back(escape(code));
    } else if (length == 1 || dice.often()) {
      if (length > 1 && dice.seldom()) {
        for (std::size_t i = 0; i < length; ++i) units.emplace_back(text.substr(at + i, 1));
      } else {
        units.emplace_back(text.substr(at, length));
      }
    } else if (code < 0x10000) {
      units.push_back(escape(code));
    } else {
      units.push_back(escape(0xD800U + ((code - 0x10000U) >> 10U)));
      units.push_back(escape(0xDC00U + ((code - 0x10000U) & 0x3FFU)));
    }
    at += length;
  }
  return units;
}

/// `text` as the contents of one to many JSON strings.
inline std::vector<std::string> json_pieces(std::string_view text, Dice& dice) {
  std::vector<std::string> pieces = {""};
  const std::size_t rarity = 1 + dice.below(6);
  for (const std::string& unit : json_units(text, dice)) {
    pieces.back() += unit;
    if (dice.below(rarity) == 0) pieces.emplace_back();
  }
  return pieces;
}

/// Merges lists at random; each keeps its own order.
inline std::vector<std::string> interleaved(std::vector<std::vector<std::string>> lists,
                                            Dice& dice) {
  std::vector<std::string> merged;
  std::vector<std::size_t> at(lists.size());
  while (true) {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < lists.size(); ++i) {
      if (at[i] < lists[i].size()) open.push_back(i);
    }
    if (open.empty()) return merged;
    const std::size_t chosen = dice.one_of(open);
    merged.push_back(std::move(lists[chosen][at[chosen]++]));
  }
}

}  // namespace cartpilot::tests
