// Translates ECMA-262 regular expressions (Unicode semantics) into PCRE's dialect.
#include <fmt/format.h>

#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string_view>

#include "cartpilot/error.h"
#include "schema/ecma_pattern.h"

namespace cartpilot::schema {

namespace {

// What ECMA calls white space and line ends; the engine's own \s knows only the ASCII ones.
constexpr std::string_view kSpace =
    R"(\x09-\x0d\x20\xa0\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff})";
constexpr std::string_view kAnyButLineEnd = R"([^\n\r\x{2028}\x{2029}])";

// General categories may be written out in ECMA; the engine knows the short names.
const std::map<std::string_view, std::string_view>& long_category_names() {
  static const std::map<std::string_view, std::string_view> names = {
      {"Letter", "L"},
      {"Uppercase_Letter", "Lu"},
      {"Lowercase_Letter", "Ll"},
      {"Titlecase_Letter", "Lt"},
      {"Modifier_Letter", "Lm"},
      {"Other_Letter", "Lo"},
      {"Cased_Letter", "L&"},
      {"LC", "L&"},
      {"Mark", "M"},
      {"Combining_Mark", "M"},
      {"Nonspacing_Mark", "Mn"},
      {"Spacing_Mark", "Mc"},
      {"Enclosing_Mark", "Me"},
      {"Number", "N"},
      {"Decimal_Number", "Nd"},
      {"digit", "Nd"},
      {"Letter_Number", "Nl"},
      {"Other_Number", "No"},
      {"Punctuation", "P"},
      {"punct", "P"},
      {"Connector_Punctuation", "Pc"},
      {"Dash_Punctuation", "Pd"},
      {"Open_Punctuation", "Ps"},
      {"Close_Punctuation", "Pe"},
      {"Initial_Punctuation", "Pi"},
      {"Final_Punctuation", "Pf"},
      {"Other_Punctuation", "Po"},
      {"Symbol", "S"},
      {"Math_Symbol", "Sm"},
      {"Currency_Symbol", "Sc"},
      {"Modifier_Symbol", "Sk"},
      {"Other_Symbol", "So"},
      {"Separator", "Z"},
      {"Space_Separator", "Zs"},
      {"Line_Separator", "Zl"},
      {"Paragraph_Separator", "Zp"},
      {"Other", "C"},
      {"Control", "Cc"},
      {"cntrl", "Cc"},
      {"Format", "Cf"},
      {"Surrogate", "Cs"},
      {"Private_Use", "Co"},
      {"Unassigned", "Cn"},
  };
  return names;
}

class Translator {
 public:
  explicit Translator(std::string_view source) : source_(source) {}

  std::string run() {
    while (!at_end()) {
      const char c = next();
      switch (c) {
        case '\\': escape(/*in_class=*/false); break;
        case '.': out_ += kAnyButLineEnd; break;
        case '[': character_class(); break;
        case '(': group(); break;
        case '*':
        case '+':
        case '?':
          out_ += c;
          quantifier_end();
          break;
        case '{':
          if (!braced_quantifier()) out_ += "\\{";
          break;
        case '\0': out_ += "\\x00"; break;
        default: out_ += c;
      }
    }
    return std::move(out_);
  }

 private:
  bool at_end() const { return at_ >= source_.size(); }
  char next() { return source_[at_++]; }
  char peek() const { return at_end() ? '\0' : source_[at_]; }
  bool take(std::string_view text) {
    if (source_.substr(at_, text.size()) != text) return false;
    at_ += text.size();
    return true;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("pattern '{}' {}", source_, what));
  }

  /// After * + ? {n,m}: an optional '?' makes it lazy. A '+' there would mean "possessive" to the
  /// engine and is an error in ECMA.
  void quantifier_end() {
    if (peek() == '?' && !at_end()) out_ += next();
    if (!at_end() && (peek() == '+' || peek() == '*' || peek() == '?')) {
      fail("has two quantifiers in a row");
    }
  }

  /// `{n}`, `{n,}` and `{n,m}`; anything else after '{' is a literal brace.
  bool braced_quantifier() {
    std::size_t end = at_;
    const auto digits = [&] {
      const std::size_t begin = end;
      while (end < source_.size() && std::isdigit(static_cast<unsigned char>(source_[end]))) ++end;
      return end > begin;
    };
    if (!digits()) return false;
    if (end < source_.size() && source_[end] == ',') {
      ++end;
      digits();
    }
    if (end >= source_.size() || source_[end] != '}') return false;
    out_ += '{';
    out_ += source_.substr(at_, end + 1 - at_);
    at_ = end + 1;
    quantifier_end();
    return true;
  }

  /// Groups capture nothing here: nobody asks what they matched, and captures are a limited good.
  void group() {
    if (take("?:")) {
      out_ += "(?:";
    } else if (take("?=")) {
      out_ += "(?=";
    } else if (take("?!")) {
      out_ += "(?!";
    } else if (take("?<=")) {
      out_ += "(?<=";
    } else if (take("?<!")) {
      out_ += "(?<!";
    } else if (take("?<")) {
      const std::size_t end = source_.find('>', at_);
      if (end == std::string_view::npos) fail("has a group name without '>'");
      at_ = end + 1;
      out_ += "(?:";
    } else if (peek() == '?' || peek() == '*') {
      fail("has a group of an unknown kind");
    } else {
      out_ += "(?:";
    }
  }

  void character_class() {
    const bool negated = take("^");
    if (take("]")) {
      out_ += negated ? R"([\x00-\x{10ffff}])" : "(?!)";
      return;
    }
    out_ += negated ? "[^" : "[";
    while (true) {
      if (at_end()) fail("has a '[' without ']'");
      const char c = next();
      if (c == ']') break;
      if (c == '\\') {
        escape(/*in_class=*/true);
      } else if (c == '[') {
        out_ += "\\[";  // "[:" would begin a POSIX class
      } else if (c == '\0') {
        out_ += "\\x00";
      } else {
        out_ += c;
      }
    }
    out_ += ']';
  }

  void escape(bool in_class) {
    if (at_end()) fail("ends with a backslash");
    const char c = next();
    switch (c) {
      case 'd':
      case 'D':
      case 'w':
      case 'W':
      case 't':
      case 'n':
      case 'f':
      case 'r':
        out_ += '\\';
        out_ += c;
        return;
      case 'v': out_ += "\\x0b"; return;
      case 's': out_ += in_class ? std::string(kSpace) : fmt::format("[{}]", kSpace); return;
      case 'S':
        if (in_class) fail("has \\S inside [], which is not supported");
        out_ += fmt::format("[^{}]", kSpace);
        return;
      case 'b': out_ += in_class ? "\\x08" : "\\b"; return;
      case 'B':
        if (in_class) fail("has \\B inside []");
        out_ += "\\B";
        return;
      case '0':
        if (std::isdigit(static_cast<unsigned char>(peek()))) fail("has an octal escape");
        out_ += "\\x00";
        return;
      case 'c':
        if (!std::isalpha(static_cast<unsigned char>(peek()))) fail("has \\c without a letter");
        code_point(static_cast<unsigned char>(next()) & 0x1fU);
        return;
      case 'x': code_point(hex(2)); return;
      case 'u': code_point(unicode_escape()); return;
      case 'p':
      case 'P': property(c); return;
      default: break;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (std::isdigit(byte) || c == 'k') fail("has a back reference, which is not supported");
    if (std::isalpha(byte)) fail(fmt::format("has the unknown escape \\{}", c));
    if (byte < 0x80 && byte > 0x20) out_ += '\\';
    out_ += c;
  }

  void code_point(std::uint32_t value) {
    if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) {
      fail("names a character that does not exist");
    }
    out_ += fmt::format("\\x{{{:x}}}", value);
  }

  std::uint32_t hex(std::size_t digits) {
    const std::string text(source_.substr(at_, digits));
    for (const char c : text) {
      if (!std::isxdigit(static_cast<unsigned char>(c))) fail("has a broken hexadecimal escape");
    }
    if (text.size() != digits || digits == 0) fail("has a broken hexadecimal escape");
    at_ += digits;
    return static_cast<std::uint32_t>(std::strtoul(text.c_str(), nullptr, 16));
  }

  std::uint32_t unicode_escape() {
    if (take("{")) {
      const std::size_t end = source_.find('}', at_);
      if (end == std::string_view::npos || end - at_ > 6) fail("has a broken \\u{...}");
      const std::uint32_t value = hex(end - at_);
      ++at_;
      return value;
    }
    const std::uint32_t first = hex(4);
    if (first < 0xd800 || first >= 0xdc00 || !take("\\u")) return first;
    const std::uint32_t second = hex(4);
    if (second < 0xdc00 || second >= 0xe000) fail("has half a surrogate pair");
    return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
  }

  void property(char letter) {
    const std::size_t end = source_.find('}', at_);
    if (peek() != '{' || end == std::string_view::npos) fail("has \\p without {...}");
    std::string_view name = source_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    if (const std::size_t equals = name.find('='); equals != std::string_view::npos) {
      const std::string_view kind = name.substr(0, equals);
      if (kind != "General_Category" && kind != "gc" && kind != "Script" && kind != "sc") {
        fail(fmt::format("uses the Unicode property {}, which is not supported", kind));
      }
      name.remove_prefix(equals + 1);
    }
    const auto found = long_category_names().find(name);
    if (found != long_category_names().end()) name = found->second;
    out_ += fmt::format("\\{}{{{}}}", letter, name);
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string translate_ecma_pattern(const std::string& source) { return Translator(source).run(); }

}  // namespace cartpilot::schema
