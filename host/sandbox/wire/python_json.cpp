#include "sandbox/wire/python_json.h"

#include <cmath>
#include <cstdlib>

#include "sandbox/wire/unicode_text.h"

namespace cartpilot::sandbox {
namespace {

// A syntax error at a byte offset. Never leaves this file.
struct Broken {
  const char* message;
  std::size_t offset;
};

constexpr const char* kExpectingValue = "Expecting value";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Walks the text in CPython's order of checks, which decides message and offset. Copies it to
// `plain` on the way, with the few things replaced that strict JSON does not know.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) { plain_.reserve(text.size()); }

  std::string scan() {
    skip_space();
    scan_value();
    skip_space();
    if (position_ < text_.size()) throw Broken{"Extra data", position_};
    return std::move(plain_);
  }

 private:
  bool at(char c) const { return position_ < text_.size() && text_[position_] == c; }

  char peek() const { return position_ < text_.size() ? text_[position_] : '\0'; }

  void copy(std::size_t count) {
    plain_.append(text_.substr(position_, count));
    position_ += count;
  }

  void skip_space() {
    while (at(' ') || at('\t') || at('\n') || at('\r')) ++position_;
  }

  void scan_value() {
    switch (peek()) {
      case '"': return scan_string();
      case '{': return scan_nested(&Scanner::scan_object);
      case '[': return scan_nested(&Scanner::scan_array);
      default: break;
    }
    for (const std::string_view word : {"null", "true", "false"}) {
      if (text_.substr(position_, word.size()) == word) return copy(word.size());
    }
    for (const std::string_view word : {"NaN", "Infinity", "-Infinity"}) {
      if (text_.substr(position_, word.size()) != word) continue;
      position_ += word.size();
      plain_ += "null";
      return;
    }
    scan_number();
  }

  void scan_nested(void (Scanner::*contents)()) {
    if (depth_ == kMaxBodyDepth) throw Error(ErrorCode::kProtocol, "body nests too deeply");
    ++depth_;
    (this->*contents)();
    --depth_;
  }

  void scan_number() {
    std::size_t end = position_;
    const auto digit_at = [this](std::size_t i) { return i < text_.size() && is_digit(text_[i]); };
    if (end < text_.size() && text_[end] == '-') ++end;
    if (!digit_at(end)) throw Broken{kExpectingValue, position_};
    if (text_[end] == '0') {
      ++end;
    } else {
      while (digit_at(end)) ++end;
    }
    if (end < text_.size() && text_[end] == '.' && digit_at(end + 1)) {
      ++end;
      while (digit_at(end)) ++end;
    }
    if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      std::size_t exponent = end + 1;
      if (exponent < text_.size() && (text_[exponent] == '+' || text_[exponent] == '-')) ++exponent;
      if (digit_at(exponent)) {
        while (digit_at(exponent)) ++exponent;
        end = exponent;
      }
    }
    copy_number(end - position_);
  }

  // Beyond the range of a double Python reads an infinity; strict parsers stop with an error.
  void copy_number(std::size_t count) {
    const std::string number(text_.substr(position_, count));
    if (std::isinf(std::strtod(number.c_str(), nullptr))) {
      plain_ += "null";
      position_ += count;
    } else {
      copy(count);
    }
  }

  void scan_array() {
    copy(1);
    skip_space();
    if (at(']')) return copy(1);
    for (;;) {
      scan_value();
      skip_space();
      if (at(']')) return copy(1);
      if (!at(',')) throw Broken{"Expecting ',' delimiter", position_};
      copy(1);
      skip_space();
    }
  }

  void scan_object() {
    copy(1);
    skip_space();
    if (at('}')) return copy(1);
    for (;;) {
      if (!at('"')) {
        throw Broken{"Expecting property name enclosed in double quotes", position_};
      }
      scan_string();
      skip_space();
      if (!at(':')) throw Broken{"Expecting ':' delimiter", position_};
      copy(1);
      skip_space();
      scan_value();
      skip_space();
      if (at('}')) return copy(1);
      if (!at(',')) throw Broken{"Expecting ',' delimiter", position_};
      copy(1);
      skip_space();
    }
  }

  void scan_string() {
    const std::size_t begin = position_;
    copy(1);
    for (;;) {
      if (position_ == text_.size()) throw Broken{"Unterminated string starting at", begin};
      const char c = text_[position_];
      if (c == '"') return copy(1);
      if (static_cast<unsigned char>(c) < 0x20) {
        throw Broken{"Invalid control character at", position_};
      }
      if (c == '\\') {
        scan_escape(begin);
      } else {
        copy(1);
      }
    }
  }

  void scan_escape(std::size_t string_begin) {
    constexpr std::string_view kPlainEscapes = "\"\\/bfnrt";
    if (position_ + 1 == text_.size()) {
      throw Broken{"Unterminated string starting at", string_begin};
    }
    const char kind = text_[position_ + 1];
    if (kind != 'u') {
      if (kPlainEscapes.find(kind) == std::string_view::npos) {
        throw Broken{"Invalid \\escape", position_};
      }
      return copy(2);
    }
    const int unit = code_unit(position_);
    if (unit < 0) throw Broken{"Invalid \\uXXXX escape", position_ + 1};
    const bool high = unit >= 0xD800 && unit < 0xDC00;
    if (high && text_.substr(position_ + 6, 2) == "\\u") {
      const int second = code_unit(position_ + 6);
      if (second < 0 && position_ + 12 < text_.size()) {
        throw Broken{"Invalid \\uXXXX escape", position_ + 7};
      }
      if (second >= 0xDC00 && second < 0xE000) return copy(12);
    }
    if (unit >= 0xD800 && unit < 0xE000) {
      plain_ += "\\ufffd";
      position_ += 6;
    } else {
      copy(6);
    }
  }

  // The value of the \uXXXX at `offset`, or -1. CPython wants at least one character behind it.
  int code_unit(std::size_t offset) const {
    if (offset + 6 >= text_.size()) return -1;
    int value = 0;
    for (const char c : text_.substr(offset + 2, 4)) {
      const int digit = is_digit(c)              ? c - '0'
                        : (c >= 'a' && c <= 'f') ? c - 'a' + 10
                        : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                                 : -1;
      if (digit < 0) return -1;
      value = value * 16 + digit;
    }
    return value;
  }

  std::string_view text_;
  std::size_t position_ = 0;
  std::size_t depth_ = 0;
  std::string plain_;
};

}  // namespace

PythonJson read_python_json(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (!is_utf8(text)) throw Error(ErrorCode::kProtocol, "body is not UTF-8");
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  try {
    return {parse_json(Scanner(text).scan(), "body", {kMaxBodyDepth, true}), {}};
  } catch (const Broken& broken) {
    return {std::nullopt, {broken.message, code_point_count(text.substr(0, broken.offset))}};
  }
}

}  // namespace cartpilot::sandbox
