#include "text/invisible.h"

#include <utf8proc.h>

#include <algorithm>
#include <iterator>

namespace cartpilot::text {
namespace {

struct PointRange {
  char32_t first;
  char32_t last;
};

/// Sorted.
constexpr PointRange kUnseen[] = {
    {0x0000, 0x001F},    // C0
    {0x007F, 0x009F},    // DEL, C1
    {0x00AD, 0x00AD},    // soft hyphen
    {0x034F, 0x034F},    // grapheme joiner
    {0x061C, 0x061C},    // Arabic letter mark
    {0x115F, 0x1160},    // Hangul fillers
    {0x17B4, 0x17B5},    // Khmer inherent vowels
    {0x180B, 0x180F},    // Mongolian selectors and separator
    {0x200B, 0x200F},    // zero width, left/right marks
    {0x2028, 0x202E},    // separators, bidi embeddings and overrides
    {0x2060, 0x206F},    // word joiner, invisible operators, bidi isolates
    {0x3164, 0x3164},    // Hangul filler
    {0xFE00, 0xFE0F},    // variation selectors
    {0xFEFF, 0xFEFF},    // byte order mark
    {0xFFA0, 0xFFA0},    // halfwidth Hangul filler
    {0xFFF0, 0xFFFB},    // specials without glyph
    {0x13430, 0x1343F},  // Egyptian hieroglyph format controls
    {0x1BCA0, 0x1BCA3},  // shorthand format controls
    {0x1D173, 0x1D17A},  // musical format controls
    {0xE0000, 0xE0FFF},  // tags and supplementary selectors
};

}  // namespace

bool is_unseen(char32_t point) {
  const auto* const found =
      std::lower_bound(std::begin(kUnseen), std::end(kUnseen), point,
                       [](const PointRange& range, char32_t p) { return range.last < p; });
  return found != std::end(kUnseen) && found->first <= point;
}

bool is_joiner(char32_t point) { return point == 0x200C || point == 0x200D; }

bool is_variation_selector(char32_t point) { return point >= 0xFE00 && point <= 0xFE0F; }

bool can_be_joined(char32_t point) {
  if (point < 0x80 || is_unseen(point)) return false;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(point))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_SO:
    case UTF8PROC_CATEGORY_SM:
    case UTF8PROC_CATEGORY_SK: return true;
    default: return false;
  }
}

}  // namespace cartpilot::text
