#include "sandbox/wire/unicode_text.h"

#include <Poco/UTF8Encoding.h>

#include <algorithm>

namespace cartpilot::sandbox {
namespace {

struct CodePoint {
  int value;  // -1: no legal sequence starts here
  std::size_t length;
};

CodePoint code_point_at(std::string_view text, std::size_t offset) {
  static const Poco::UTF8Encoding encoding;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data()) + offset;
  const unsigned char first = *bytes;
  const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (length > text.size() - offset) return {-1, 1};
  const int value = encoding.queryConvert(bytes, static_cast<int>(length));
  return value < 0 ? CodePoint{-1, 1} : CodePoint{value, length};
}

bool is_white_space(int c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint point = code_point_at(text, i);
    if (point.value < 0) return false;
    i += point.length;
  }
  return true;
}

std::size_t code_point_count(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::vector<std::string> split_on_whitespace(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (std::size_t i = 0; i < text.size();) {
    const CodePoint point = code_point_at(text, i);
    if (is_white_space(point.value)) {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
    } else {
      word.append(text.substr(i, point.length));
    }
    i += point.length;
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

}  // namespace cartpilot::sandbox
