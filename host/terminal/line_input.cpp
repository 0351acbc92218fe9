#include "terminal/line_input.h"

#include <utf8proc.h>

#include <cstdlib>
#include <string_view>

#include "text/invisible.h"
#include "text/utf8.h"

namespace cartpilot::host {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// Bytes of the character that `first` begins; 0 = none.
std::size_t length_of(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

bool continues(unsigned char byte) { return (byte & 0xC0) == 0x80; }

/// Keys and what a person can see. The editor echoes everything it is given.
bool can_be_typed(char32_t character) {
  return character < 0x80 || !text::is_unseen(character) || text::is_joiner(character) ||
         text::is_variation_selector(character);
}

}  // namespace

std::optional<char32_t> LineInput::take_character() {
  std::optional<char32_t> character = read_character();
  while (character && !can_be_typed(*character)) character = read_character();
  return character;
}

std::optional<char32_t> LineInput::read_character() {
  if (bytes_.empty()) return std::nullopt;
  const std::size_t length = length_of(static_cast<unsigned char>(bytes_.front()));
  for (std::size_t i = 1; i < length; ++i) {
    if (i == bytes_.size()) return std::nullopt;
    if (!continues(static_cast<unsigned char>(bytes_[i]))) break;
  }
  utf8proc_int32_t character = -1;
  const auto used = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(bytes_.data()),
                                     static_cast<utf8proc_ssize_t>(bytes_.size()), &character);
  bytes_.erase(0, used > 0 ? static_cast<std::size_t>(used) : 1);
  return used > 0 ? static_cast<char32_t>(character) : kReplacement;
}

std::string LineInput::take_bytes() {
  std::string bytes;
  bytes.swap(bytes_);
  return bytes;
}

std::string pasted_text(const std::string& block) {
  std::string text;
  for (std::size_t i = 0; i < block.size(); ++i) {
    const char c = block[i];
    if (c == '\r') {
      text += '\n';
      if (i + 1 < block.size() && block[i + 1] == '\n') ++i;
    } else if (c == '\n' || c == '\t' || static_cast<unsigned char>(c) >= 0x20) {
      if (c != 0x7F) text += c;
    }
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::string seen;
  for (std::string_view rest = text; !rest.empty();) {
    const text::Utf8Step step = text::read_utf8(rest);
    const bool hides = step.kind == text::Utf8Step::Kind::kPoint && !can_be_typed(step.point);
    if (!hides) seen += rest.substr(0, step.length);
    rest.remove_prefix(step.length);
  }
  return seen;
}

std::string composed(const std::string& text) {
  utf8proc_uint8_t* result = nullptr;
  const auto size =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &result,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  if (size < 0) return text;
  std::string composed_text(reinterpret_cast<const char*>(result), static_cast<std::size_t>(size));
  std::free(result);  // NOLINT: the library allocates with malloc
  return composed_text;
}

std::size_t row_breaks(std::string_view text, std::size_t columns) {
  std::size_t breaks = 0;
  std::size_t column = 0;
  for (; !text.empty();) {
    const text::Utf8Step step = text::read_utf8(text);
    text.remove_prefix(step.length);
    const auto point = static_cast<utf8proc_int32_t>(step.point);
    const bool is_point = step.kind == text::Utf8Step::Kind::kPoint;
    const std::size_t width =
        is_point ? static_cast<std::size_t>(utf8proc_charwidth(point)) : std::size_t{1};
    const bool line_end = is_point && step.point == U'\n';
    if (line_end || column + width > columns) {
      ++breaks;
      column = 0;
    }
    if (!line_end) column += width;
    if (column >= columns) {
      ++breaks;
      column = 0;
    }
  }
  return breaks;
}

}  // namespace cartpilot::host
