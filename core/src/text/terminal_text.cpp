#include "text/terminal_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "text/utf8.h"

namespace cartpilot::text {
namespace {

constexpr char32_t kBell = 0x07;
constexpr char32_t kCancel = 0x18;
constexpr char32_t kSubstitute = 0x1A;
constexpr char32_t kEscapeByte = 0x1B;
constexpr char32_t kStringTerminator = 0x9C;

/// Longest control sequence that is believed; real ones are shorter by far.
constexpr std::size_t kMaxString = 4096;
constexpr std::size_t kMaxCsi = 256;

struct Range {
  char32_t first;
  char32_t last;
};

/// Characters without a glyph: they reorder, join or hide text, or carry bytes unseen. Unicode's
/// Default_Ignorable_Code_Point without the variation selectors that emoji need, plus the
/// interlinear annotation marks. Sorted.
constexpr Range kInvisible[] = {
    {0x00AD, 0x00AD},    // soft hyphen
    {0x034F, 0x034F},    // grapheme joiner
    {0x061C, 0x061C},    // Arabic letter mark
    {0x115F, 0x1160},    // Hangul fillers
    {0x17B4, 0x17B5},    // Khmer inherent vowels
    {0x180B, 0x180F},    // Mongolian selectors and separator
    {0x200B, 0x200F},    // zero width, left/right marks
    {0x202A, 0x202E},    // bidi embeddings and overrides
    {0x2060, 0x206F},    // word joiner, invisible operators, bidi isolates
    {0x3164, 0x3164},    // Hangul filler
    {0xFEFF, 0xFEFF},    // byte order mark
    {0xFFA0, 0xFFA0},    // halfwidth Hangul filler
    {0xFFF0, 0xFFFB},    // specials without glyph
    {0x1BCA0, 0x1BCA3},  // shorthand format controls
    {0x1D173, 0x1D17A},  // musical format controls
    {0xE0000, 0xE0FFF},  // tags and supplementary selectors
};

bool is_invisible(char32_t point) {
  const auto* const found =
      std::lower_bound(std::begin(kInvisible), std::end(kInvisible), point,
                       [](const Range& range, char32_t p) { return range.last < p; });
  return found != std::end(kInvisible) && found->first <= point;
}

bool is_printable_ascii(char c) { return c >= 0x20 && c <= 0x7E; }

char32_t point_or_replacement(const Utf8Step& step) {
  return step.kind == Utf8Step::Kind::kPoint ? step.point : kReplacement;
}

}  // namespace

std::string TerminalFilter::feed(std::string_view chunk) {
  std::string out;
  out.reserve(chunk.size());
  // A sequence that the last chunk left open: complete it byte by byte.
  while (!pending_.empty() && !chunk.empty()) {
    pending_ += chunk.front();
    const Utf8Step step = read_utf8(pending_);
    if (step.kind == Utf8Step::Kind::kIncomplete) {
      chunk.remove_prefix(1);
      continue;
    }
    // A malformed run never includes the byte just added: that one starts something new.
    if (step.kind == Utf8Step::Kind::kPoint) chunk.remove_prefix(1);
    take(point_or_replacement(step), out);
    pending_.clear();
  }
  while (!chunk.empty()) {
    if (state_ == State::kText) {
      const auto plain = static_cast<std::size_t>(
          std::find_if_not(chunk.begin(), chunk.end(), is_printable_ascii) - chunk.begin());
      out.append(chunk.substr(0, plain));
      chunk.remove_prefix(plain);
      if (chunk.empty()) break;
    }
    const Utf8Step step = read_utf8(chunk);
    if (step.kind == Utf8Step::Kind::kIncomplete) {
      pending_ = chunk;
      break;
    }
    take(point_or_replacement(step), out);
    chunk.remove_prefix(step.length);
  }
  return out;
}

std::string TerminalFilter::finish() {
  std::string out;
  if (!pending_.empty()) take(kReplacement, out);
  *this = TerminalFilter();
  return out;
}

void TerminalFilter::enter(State state) {
  state_ = state;
  swallowed_ = 0;
}

void TerminalFilter::take(char32_t point, std::string& out) {
  switch (state_) {
    case State::kText: take_text(point, out); return;

    case State::kStringEscape:
      if (point == '\\') {
        enter(State::kText);
        return;
      }
      enter(State::kEscape);  // any other character: the string was broken off
      [[fallthrough]];

    case State::kEscape:
      switch (point) {
        case '[': enter(State::kCsi); return;
        case ']':
        case 'P':
        case 'X':
        case '^':
        case '_': enter(State::kString); return;
        default: break;
      }
      if (point >= 0x20 && point <= 0x2F && ++swallowed_ < kMaxCsi) return;
      enter(State::kText);
      if (point >= 0x30 && point <= 0x7E) return;
      take_text(point, out);
      return;

    case State::kCsi:
      if (point >= 0x20 && point <= 0x3F && ++swallowed_ < kMaxCsi) return;
      enter(State::kText);
      if (point >= 0x40 && point <= 0x7E) return;
      take_text(point, out);
      return;

    case State::kString:
      if (point == kEscapeByte) {
        state_ = State::kStringEscape;
      } else if (point == '\n') {
        enter(State::kText);
        take_text(point, out);
      } else if (point == kBell || point == kStringTerminator || point == kCancel ||
                 point == kSubstitute || ++swallowed_ >= kMaxString) {
        enter(State::kText);
      }
      return;
  }
}

void TerminalFilter::take_text(char32_t point, std::string& out) {
  if (point == '\n' || point == '\t' || (point >= 0x20 && point <= 0x7E)) {
    out += static_cast<char>(point);
    return;
  }
  if (point < 0xA0) {  // C0, DEL, C1
    switch (point) {
      case kEscapeByte: enter(State::kEscape); return;
      case 0x9B: enter(State::kCsi); return;
      case 0x90:
      case 0x98:
      case 0x9D:
      case 0x9E:
      case 0x9F: enter(State::kString); return;
      default: return;
    }
  }
  if (point == 0x2028 || point == 0x2029) {  // line and paragraph separator
    out += '\n';
    return;
  }
  if (!is_invisible(point)) append_utf8(out, point);
}

std::string safe_text(std::string_view text) {
  TerminalFilter filter;
  std::string out = filter.feed(text);
  out += filter.finish();
  return out;
}

std::string safe_line(std::string_view text) {
  std::string out;
  for (const char c : safe_text(text)) {
    const bool blank = c == ' ' || c == '\t' || c == '\n';
    if (!blank) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

std::string escape_for_receipt(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = read_utf8(text);
    if (step.kind != Utf8Step::Kind::kPoint) {
      for (std::size_t i = 0; i < step.length; ++i) {
        out += fmt::format("\\x{{{:x}}}", static_cast<unsigned char>(text[i]));
      }
    } else if (step.point == ' ') {
      if (out.empty() || out.back() != ' ') out += ' ';
    } else if (is_printable_ascii(text.front()) && step.point != '\\') {
      out += text.front();
    } else {
      // The backslash too: a title must not be able to spell an escape of its own.
      out += fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(step.point));
    }
    text.remove_prefix(step.length);
  }
  return out;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Step step = read_utf8(text);
    if (step.kind != Utf8Step::Kind::kPoint) return false;
    text.remove_prefix(step.length);
  }
  return true;
}

std::string to_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = read_utf8(text);
    append_utf8(out, point_or_replacement(step));
    text.remove_prefix(step.length);
  }
  return out;
}

}  // namespace cartpilot::text
