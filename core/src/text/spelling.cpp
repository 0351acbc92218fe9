#include "text/spelling.h"

#include <algorithm>
#include <optional>

#include "text/invisible.h"
#include "text/utf8.h"

namespace cartpilot::text {
namespace {

/// Escapes inside escapes that are undone.
constexpr std::size_t kMaxEscapes = 4;
constexpr std::size_t kMaxSwallowed = 8;

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
      const std::size_t first = at_ + 1;
      add({&byte, 1}, digits + 2);
      swallow(first);
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
      swallow(end);
    }
  }

  /// What was read from `first` on is behind an introducer.
  void swallow(std::size_t first) {
    const std::size_t size = std::min(at_ - first, kMaxSwallowed);
    spelling_.swallowed.push_back({spelling_.text.size(), 0, at_ - size, size});
  }

  /// \u0041, \x41, \u{41}, \x{41}; the backslashes are read.
  void read_number(std::size_t width) {
    const std::size_t first = at_;
    if (decode_number(width)) swallow(first);
  }

  bool decode_number(std::size_t width) {
    const bool braces = at_ + 1 < text_.size() && text_[at_ + 1] == '{';
    const std::size_t first = at_ + (braces ? 2 : 1);
    const std::size_t count = hex_digits(first, braces ? 6 : width);
    const std::size_t end = first + count + (braces ? 1 : 0);
    const bool cut = first + count == text_.size() && (braces || count < width);
    const bool whole = !cut && (braces ? count > 0 && text_[first + count] == '}' : count == width);
    if (!whole) {
      if (cut) {
        end_inside();
      } else {
        add(text_.substr(at_, 1), at_ + 1);
      }
      return false;
    }
    const char32_t number = hex_value(text_.substr(first, count));
    if (text_[at_] == 'x') {
      const char byte = static_cast<char>(number);
      add({&byte, 1}, end);
    } else if (number >= 0xD800 && number < 0xDC00) {
      high_ = number;
      at_ = end;
      if (at_ == text_.size() && goes_on_) spelling_.unfinished = begin_.value_or(at_);
    } else {
      add_point(number, end);
    }
    return true;
  }

  void add_point(char32_t point, std::size_t end) {
    if (high_ && point >= 0xDC00 && point < 0xE000) {
      point = 0x10000 + ((*high_ - 0xD800) << 10U) + (point - 0xDC00);
    }
    high_.reset();
    const bool valid = point <= 0x10FFFF && (point < 0xD800 || point >= 0xE000);
    std::string bytes;
    append_utf8(bytes, valid ? point : kReplacement);
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
  auto swallowed = all.swallowed.begin();
  const auto pass_swallowed = [&](std::size_t at) {
    for (; swallowed != all.swallowed.end() && swallowed->next <= at; ++swallowed) {
      seen.swallowed.push_back({seen.text.size(), 0, swallowed->place, swallowed->size});
    }
  };
  for (std::size_t at = 0; at < text.size();) {
    pass_swallowed(at);
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
  pass_swallowed(text.size());
  return seen;
}

PlainSpelling as_it_is(std::string_view text) {
  PlainSpelling spelling;
  spelling.text = text;
  spelling.unfinished = text.size();
  for (std::size_t at = 0; at < text.size(); ++at) {
    spelling.begins.push_back(at);
    spelling.ends.push_back(at + 1);
  }
  return spelling;
}

/// The escapes of `lower`, the step of that number, undone.
PlainSpelling step_above(const PlainSpelling& lower, std::size_t number, bool goes_on) {
  PlainSpelling upper = Reader(lower.text, goes_on).read();
  upper.unfinished =
      upper.unfinished < lower.text.size() ? lower.begins[upper.unfinished] : lower.unfinished;
  for (std::size_t& begin : upper.begins) begin = lower.begins[begin];
  for (std::size_t& end : upper.ends) end = lower.ends[end - 1];
  upper = seen_part(upper, goes_on);
  for (PlainSpelling::Swallowed& escape : upper.swallowed) escape.step = number;
  for (PlainSpelling::Swallowed escape : lower.swallowed) {
    // The backslashes in front of a character are in its spelling, so only its end tells it.
    const auto next =
        escape.next < lower.text.size()
            ? std::upper_bound(upper.ends.begin(), upper.ends.end(), lower.begins[escape.next])
            : upper.ends.end();
    escape.next = static_cast<std::size_t>(next - upper.ends.begin());
    upper.swallowed.push_back(escape);
  }
  return upper;
}

}  // namespace

std::vector<PlainSpelling> plain_spellings(std::string_view text, bool goes_on) {
  std::vector<PlainSpelling> steps = {seen_part(as_it_is(text), goes_on)};
  while (steps.size() <= kMaxEscapes &&
         steps.back().text.find_first_of("%\\") != std::string::npos) {
    steps.push_back(step_above(steps.back(), steps.size() - 1, goes_on));
    if (steps.back().text == steps[steps.size() - 2].text) break;
  }
  return steps;
}

}  // namespace cartpilot::text
