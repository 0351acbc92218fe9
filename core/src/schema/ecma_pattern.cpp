#include "schema/ecma_pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "cartpilot/error.h"

namespace cartpilot::schema {
namespace {

// Backtracking steps and depth from one starting position; about 10 MB of heap.
constexpr std::uint32_t kMatchLimit = 200'000;
constexpr std::uint32_t kDepthLimit = 50'000;
// PCRE2 applies its limits to each starting position anew and does not count the characters a
// single step scans, so the sum of both is bounded here. One unit is one character.
constexpr std::uint64_t kWorkLimit = 20'000'000;
constexpr std::uint64_t kWorkOfOneStep = 16;

// Xsp stands on both sides so that neither end can become the bound of a range in a class.
constexpr std::string_view kSpace = R"(\p{Xsp}\ufeff\p{Xsp})";
constexpr std::string_view kAnyButLineEnd = R"([^\n\r\u2028\u2029])";
/// ECMA's long names of general categories; PCRE2 knows the short ones only.
constexpr std::string_view kCategories =
    " Letter:L Cased_Letter:L& Uppercase_Letter:Lu Lowercase_Letter:Ll Titlecase_Letter:Lt"
    " Modifier_Letter:Lm Other_Letter:Lo Mark:M Combining_Mark:M Nonspacing_Mark:Mn"
    " Spacing_Mark:Mc Enclosing_Mark:Me Number:N Decimal_Number:Nd digit:Nd Letter_Number:Nl"
    " Other_Number:No Punctuation:P punct:P Connector_Punctuation:Pc Dash_Punctuation:Pd"
    " Open_Punctuation:Ps Close_Punctuation:Pe Initial_Punctuation:Pi Final_Punctuation:Pf"
    " Other_Punctuation:Po Symbol:S Math_Symbol:Sm Currency_Symbol:Sc Modifier_Symbol:Sk"
    " Other_Symbol:So Separator:Z Space_Separator:Zs Line_Separator:Zl Paragraph_Separator:Zp"
    " Other:C Control:Cc cntrl:Cc Format:Cf Surrogate:Cs Private_Use:Co Unassigned:Cn ";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Rewrites an expression for PCRE2 with the options used below, which read the rest as ECMA does.
class Translation {
 public:
  explicit Translation(std::string_view source) : source_(source), rest_(source) {
    while (!rest_.empty()) {
      const char c = next();
      if (c == '\\') {
        escape();
      } else if (in_class_) {
        if (c == '[') out_ += '\\';  // "[:" would begin a POSIX class
        in_class_ = c != ']';
        out_ += c;
      } else if (c == '.') {
        out_ += kAnyButLineEnd;
      } else {
        out_ += c;
        outside_class(c);
      }
    }
  }

  const std::string& text() const { return out_; }
  std::uint64_t longest_repeat() const { return longest_repeat_; }

 private:
  bool starts(std::string_view text) const { return rest_.substr(0, text.size()) == text; }
  char next() { return take(1)[0]; }
  std::string_view take(std::size_t count) {
    if (rest_.size() < count) fail("ends too early");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::kInvalidArgument, fmt::format("pattern '{}' {}", source_, what));
  }

  void outside_class(char c) {
    if (c == '[') in_class_ = true;
    if (c == '(' && (starts("*") || (starts("?") && !starts("?:") && !starts("?=") &&
                                     !starts("?!") && !starts("?<")))) {
      fail("has a group of an unknown kind");
    }
    if (c == '{' || c == ',') {
      std::uint64_t repeat = 0;
      std::from_chars(rest_.data(), rest_.data() + rest_.size(), repeat);
      longest_repeat_ = std::max(longest_repeat_, repeat);
    }
    // PCRE2 would take "a++" for a possessive quantifier.
    if ((c == '*' || c == '+' || c == '?' || c == '}') && starts("+")) {
      fail("has two quantifiers in a row");
    }
  }

  void escape() {
    const char c = next();
    if (c == 'v') {
      out_ += "\\x0b";
    } else if (c == 's' || (c == 'S' && !in_class_)) {
      out_ += in_class_ ? std::string(kSpace) : fmt::format("[{}{}]", c == 's' ? "" : "^", kSpace);
    } else if (c == 'u') {
      out_ += fmt::format("\\u{{{:x}}}", unicode_escape());
    } else if (c == 'x') {
      out_ += fmt::format("\\u{{{:x}}}", hex(take(2)));
    } else if (c == 'p' || c == 'P') {
      out_ += fmt::format("\\{}{{{}}}", c, property());
    } else {
      if (c == '0' && !rest_.empty() && is_digit(rest_[0])) fail("has an octal escape");
      if (c == 'c' && (rest_.empty() || !is_letter(rest_[0]))) fail("has \\c without a letter");
      if (c == 'k' || (is_digit(c) && c != '0')) fail("has a back reference");
      if (is_letter(c) && std::string_view("dDwWtnfrbBc").find(c) == std::string_view::npos) {
        fail(fmt::format("has the escape \\{}, which is unknown or not supported here", c));
      }
      out_ += {'\\', c};
    }
  }

  std::uint32_t hex(std::string_view digits) const {
    std::uint32_t value = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stopped, problem] = std::from_chars(digits.data(), end, value, 16);
    if (problem != std::errc() || stopped != end) fail("has a broken hexadecimal escape");
    return value;
  }

  /// What is in front of the next '}', which is taken too.
  std::string_view braced() {
    const std::size_t end = rest_.find('}');
    if (!starts("{") || end == std::string_view::npos) fail("has an escape without {...}");
    return take(end + 1).substr(1, end - 1);
  }

  std::uint32_t unicode_escape() {
    if (starts("{")) return hex(braced());
    const std::uint32_t first = hex(take(4));
    if (first < 0xd800 || first >= 0xdc00 || !starts("\\u")) return first;
    const std::uint32_t second = hex(take(6).substr(2));
    if (second < 0xdc00 || second >= 0xe000) fail("has half a surrogate pair");
    return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
  }

  std::string property() {
    std::string name(braced());
    const std::size_t equals = name.find('=');
    if (equals != std::string::npos) {
      const std::string kind = name.substr(0, equals);
      if (kind == "General_Category" || kind == "gc") {
        name.erase(0, equals + 1);
      } else if (kind != "Script" && kind != "sc" && kind != "Script_Extensions" && kind != "scx") {
        fail(fmt::format("uses the Unicode property {}, which is not supported", kind));
      }
    }
    const std::string key = fmt::format(" {}:", name);
    const std::size_t found = kCategories.find(key);
    if (found == std::string_view::npos) return name;
    const std::size_t begin = found + key.size();
    return std::string(kCategories.substr(begin, kCategories.find(' ', begin) - begin));
  }

  const std::string_view source_;
  std::string_view rest_;
  bool in_class_ = false;
  std::uint64_t longest_repeat_ = 0;
  std::string out_;
};

template <class Type>
using Owned = std::unique_ptr<Type, void (*)(Type*)>;

/// The work of one match so far; PCRE2 calls count_work() before each item of the pattern.
struct Work {
  std::uint64_t of_one_step;
  std::uint64_t done = 0;
  std::uint64_t position = 0;
};

int count_work(pcre2_callout_block* at, void* data) {
  Work& work = *static_cast<Work*>(data);
  const std::uint64_t position = at->current_position;
  work.done +=
      work.of_one_step + std::max(position, work.position) - std::min(position, work.position);
  work.position = position;
  return work.done > kWorkLimit ? PCRE2_ERROR_CALLOUT : 0;
}

PCRE2_SPTR bytes(const std::string& text) { return reinterpret_cast<PCRE2_SPTR>(text.data()); }

}  // namespace

EcmaPattern::EcmaPattern(const std::string& source) : source_(source) {
  const Translation translated(source);
  longest_repeat_ = translated.longest_repeat();
  const Owned<pcre2_compile_context> context(pcre2_compile_context_create(nullptr),
                                             &pcre2_compile_context_free);
  pcre2_set_compile_extra_options(context.get(), PCRE2_EXTRA_ALT_BSUX);
  int problem = 0;
  std::size_t offset = 0;
  code_.reset(
      pcre2_compile(bytes(translated.text()), translated.text().size(),
                    PCRE2_UTF | PCRE2_ALT_BSUX | PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS |
                        PCRE2_NO_AUTO_CAPTURE | PCRE2_AUTO_CALLOUT,
                    &problem, &offset, context.get()),
      [](const pcre2_code* code) { pcre2_code_free(const_cast<pcre2_code*>(code)); });
  if (code_ != nullptr) return;
  std::array<PCRE2_UCHAR, 200> message{};
  pcre2_get_error_message(problem, message.data(), message.size());
  throw Error(ErrorCode::kInvalidArgument,
              fmt::format("pattern '{}' cannot be used: {}", source,
                          reinterpret_cast<const char*>(message.data())));
}

std::optional<bool> EcmaPattern::found_in(const std::string& text) const {
  const Owned<pcre2_match_data> match(pcre2_match_data_create(1, nullptr), &pcre2_match_data_free);
  const Owned<pcre2_match_context> context(pcre2_match_context_create(nullptr),
                                           &pcre2_match_context_free);
  Work work{kWorkOfOneStep + longest_repeat_};
  pcre2_set_match_limit(context.get(), kMatchLimit);
  pcre2_set_depth_limit(context.get(), kDepthLimit);
  pcre2_set_callout(context.get(), &count_work, &work);
  const int result =
      pcre2_match(code_.get(), bytes(text), text.size(), 0, 0, match.get(), context.get());
  if (result < 0 && result != PCRE2_ERROR_NOMATCH) return std::nullopt;
  return result >= 0;
}

}  // namespace cartpilot::schema
