#include "text/spelling.h"

#include <algorithm>
#include <optional>

#include "text/invisible.h"
#include "text/utf8.h"

namespace cartpilot::text {
namespace {

constexpr int kMaxDepth = 4;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

char32_t hex_value(std::string_view digits) {
  char32_t value = 0;
  for (const char c : digits) {
    value = value * 16 + static_cast<char32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return value;
}

/// Undoes the escapes, byte by byte.
class Reader {
 public:
  Reader(std::string_view text, bool goes_on) : text_(text), goes_on_(goes_on) {
    spelling_.unfinished = text.size();
  }

  PlainSpelling read() {
    while (at_ < text_.size()) {
      if (text_[at_] == '%') {
        read_percent();
      } else if (text_[at_] == '\\') {
        read_backslashes();
      } else {
        add(text_.substr(at_, 1), at_ + 1);
      }
    }
    return std::move(spelling_);
  }

 private:
  void add(std::string_view bytes, std::size_t end) {
    for (const char byte : bytes) {
      spelling_.text += byte;
      spelling_.begins.push_back(begin_.value_or(at_));
      spelling_.ends.push_back(end);
    }
    begin_.reset();
    at_ = end;
  }

  std::size_t hex_digits(std::size_t at, std::size_t limit) const {
    std::size_t count = 0;
    while (count < limit && at + count < text_.size() && is_hex(text_[at + count])) ++count;
    return count;
  }

  /// The text ends inside an escape; if it does not go on, its first character is an ordinary one.
  void end_inside() {
    if (!goes_on_) return add(text_.substr(at_, 1), at_ + 1);
    spelling_.unfinished = begin_.value_or(at_);
    at_ = text_.size();
  }

  void read_percent() {
    std::size_t digits = at_ + 1;
    while (text_.substr(digits, 2) == "25" && hex_digits(digits + 2, 2) == 2) digits += 2;
    const std::size_t count = hex_digits(digits, 2);
    if (count == 2) {
      const char byte = static_cast<char>(hex_value(text_.substr(digits, 2)));
      add({&byte, 1}, digits + 2);
    } else if (digits + count == text_.size()) {
      end_inside();
    } else {
      add("%", at_ + 1);
    }
  }

  /// The backslashes belong to the character behind them.
  void read_backslashes() {
    const std::size_t end = text_.find_first_not_of('\\', at_);
    if (end == std::string_view::npos) {
      if (goes_on_) spelling_.unfinished = begin_.value_or(at_);
      at_ = text_.size();
      return;
    }
    if (!begin_) begin_ = at_;
    at_ = end;
    const char kind = text_[end];
    if (kind == 'u' || kind == 'x') return read_number(kind == 'u' ? 4 : 2);
    if (std::string_view("bfnrt").find(kind) != std::string_view::npos) {
      begin_.reset();  // a control character
      ++at_;
    }
  }

  /// \u0041, \x41, \u{41}, \x{41}; the backslashes are read.
  void read_number(std::size_t width) {
    const bool braces = at_ + 1 < text_.size() && text_[at_ + 1] == '{';
    const std::size_t first = at_ + (braces ? 2 : 1);
    const std::size_t count = hex_digits(first, braces ? 6 : width);
    const std::size_t end = first + count + (braces ? 1 : 0);
    if (first + count == text_.size() && (braces || count < width)) return end_inside();
    const bool whole = braces ? count > 0 && text_[first + count] == '}' : count == width;
    if (!whole) return add(text_.substr(at_, 1), at_ + 1);
    const char32_t number = hex_value(text_.substr(first, count));
    if (text_[at_] == 'x') {
      const char byte = static_cast<char>(number);
      return add({&byte, 1}, end);
    }
    if (number >= 0xD800 && number < 0xDC00) {
      high_ = number;
      at_ = end;
      if (at_ == text_.size() && goes_on_) spelling_.unfinished = begin_.value_or(at_);
      return;
    }
    char32_t point = number;
    if (number >= 0xDC00 && number < 0xE000) {
      if (!high_) return add("?", end);
      point = 0x10000 + ((*high_ - 0xD800) << 10U) + (number - 0xDC00);
    }
    high_.reset();
    std::string bytes;
    append_utf8(bytes, std::min<char32_t>(point, 0x10FFFF));
    add(bytes, end);
  }

  std::string_view text_;
  bool goes_on_;
  std::size_t at_ = 0;
  std::optional<std::size_t> begin_;  ///< of backslashes whose character comes next
  std::optional<char32_t> high_;      ///< the first half of a surrogate pair
  PlainSpelling spelling_;
};

/// Leaves out what is not seen.
PlainSpelling seen_part(const PlainSpelling& all, bool goes_on) {
  PlainSpelling seen;
  seen.unfinished = all.unfinished;
  const std::string_view text = all.text;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = read_utf8(text.substr(at));
    if (step.kind == Utf8Step::Kind::kIncomplete && goes_on) {
      seen.unfinished = all.begins[at];
      break;
    }
    const bool unseen = step.kind == Utf8Step::Kind::kPoint && is_unseen(step.point);
    for (const std::size_t end = at + step.length; at < end; ++at) {
      if (unseen) continue;
      seen.text += text[at];
      seen.begins.push_back(all.begins[at]);
      seen.ends.push_back(all.ends[at]);
    }
  }
  return seen;
}

/// What `upper`, which was read from the text of `lower`, is in the original of `lower`.
PlainSpelling on_top_of(const PlainSpelling& lower, PlainSpelling upper) {
  upper.unfinished =
      upper.unfinished < lower.text.size() ? lower.begins[upper.unfinished] : lower.unfinished;
  for (std::size_t& begin : upper.begins) begin = lower.begins[begin];
  for (std::size_t& end : upper.ends) end = lower.ends[end - 1];
  return upper;
}

}  // namespace

PlainSpelling plain_spelling(std::string_view text, bool goes_on) {
  PlainSpelling plain = Reader(text, goes_on).read();
  // An escape may be spelled with escapes.
  for (int depth = 1; depth < kMaxDepth; ++depth) {
    if (plain.text.find_first_of("%\\") == std::string::npos) break;
    plain = on_top_of(plain, Reader(plain.text, goes_on).read());
  }
  return seen_part(plain, goes_on);
}

}  // namespace cartpilot::text
