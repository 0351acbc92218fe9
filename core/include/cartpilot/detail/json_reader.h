// JsonReader: builds a JSON tree from the events of nlohmann's parser and refuses what is not safe.
//
// An ordered object of nlohmann looks each name up from its first member, so its own tree builder
// needs time with the square of the number of members, and it lets a repeated member overwrite
// silently. This builder appends. Repeated names are found once per object by sorting the names:
// n log n whatever they are, where a hash table could be flooded. Reached through parse_json()
// only. One text, one thread; borrows the text.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cartpilot/detail/characters.h"
#include "cartpilot/detail/visibility.h"
#include "cartpilot/error.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

/// Deepest nesting accepted from outside. Copying or dumping a tree recurses, so an unbounded one
/// overflows the stack.
constexpr std::size_t kMaxJsonDepth = 64;

/// Most members of one object.
constexpr std::size_t kMaxJsonMembers = 10'000;

/// What parse_json() accepts beyond the defaults.
struct JsonRules {
  std::size_t max_depth = kMaxJsonDepth;
  /// Accepts repeated members, of which the last that is not null counts, and integers beyond 64
  /// bits, which become doubles. For sources that are known to send them.
  bool lenient = false;
  /// Values of members of this name are read strictly all the same; "" is none.
  std::string_view strict_below = {};
};

namespace detail {

class JsonReader final : public nlohmann::ordered_json::json_sax_t {
 public:
  using Tree = nlohmann::ordered_json;

  JsonReader(std::string_view text, std::string_view what, const JsonRules& rules)
      : text_(text), what_(what), rules_(rules) {}

  /// Throws Error{kProtocol}.
  Tree read() {
    nlohmann::json_sax<Tree>* const events = this;
    Tree::sax_parse(text_.data(), text_.data() + text_.size(), events);
    return std::move(root_);
  }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t& digits) override {
    const bool integer = digits.find_first_of(".eE") == std::string::npos;
    if (integer && strict()) refuse("out of range: the integer " + digits.substr(0, 40));
    return add(value);
  }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t& value) override { return add(std::move(value)); }

  bool start_object(std::size_t) override { return open(true); }
  bool key(string_t& name) override {
    auto& members = open_.back().members;
    if (members.size() == kMaxJsonMembers) {
      refuse("too large: an object has more than " + std::to_string(kMaxJsonMembers) + " members");
    }
    members.emplace_back(std::move(name), nullptr);
    return true;
  }
  bool end_object() override {
    auto members = std::move(open_.back().members);
    join_repeated(members);
    open_.pop_back();
    Tree object = Tree::object();
    auto& list = object.get_ref<Tree::object_t&>();
    list.reserve(members.size());
    for (auto& [name, value] : members) list.emplace_back(std::move(name), std::move(value));
    return add(std::move(object));
  }
  bool start_array(std::size_t) override { return open(false); }
  bool end_array() override {
    Tree array = std::move(open_.back().items);
    open_.pop_back();
    return add(std::move(array));
  }

  bool parse_error(std::size_t position, const std::string& token,
                   const Tree::exception& error) override {
    const std::string_view problem = problem_of(error.what());
    // `position` counts the characters that were read, the end of the text among them.
    std::size_t at = position > 0 ? position - 1 : 0;
    if (at >= text_.size()) {
      at = text_.size() - (problem == kOpenString ? token.size() : 0);
    } else if (problem.substr(0, 8) == "expected" && text_[at] == '"') {
      at = position - token.size();  // `token` is whole for a string only
    } else if (problem != kEscape) {
      while (at > 0 && is_word(text_[at - 1])) --at;
    }
    refuse("not valid JSON: " + place(at) + ": " + std::string(problem));
  }

 private:
  /// An object or array whose end was not read yet. The members of an object have names that can be
  /// moved, unlike those of nlohmann's object, which copies all values when it grows.
  struct Open {
    bool is_object = false;
    bool strict = false;
    std::vector<std::pair<std::string, Tree>> members;
    Tree items;
  };

  static constexpr std::string_view kOpenString = "the string has no end";
  static constexpr std::string_view kEscape = "an invalid escape inside a string";

  /// The parser's message in the words of a reader. Its text quotes what was read, so only what
  /// stands before or behind the quotation is looked at.
  static std::string_view problem_of(std::string_view message) {
    constexpr std::string_view kEnd = "; expected end of input";
    const bool ended =
        message.size() > kEnd.size() && message.substr(message.size() - kEnd.size()) == kEnd;
    const std::string_view said = message.substr(0, message.find("; last read: "));
    constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kProblems{{
        {"missing closing quote", kOpenString},
        {"ill-formed UTF-8", "invalid UTF-8"},
        {"surrogate", "half of a surrogate pair"},
        {"control character", "a control character inside a string"},
        {"forbidden character after backslash", kEscape},
        {"must be followed by 4 hex digits", kEscape},
        {"invalid number", "a malformed number"},
        {"number overflow", "a number out of range"},
        {"invalid BOM", "an incomplete byte order mark"},
        {"parsing object key", "expected a member name in quotes"},
        {"parsing object separator", "expected ':'"},
        {"parsing object", "expected ',' or '}'"},
        {"parsing array", "expected ',' or ']'"},
        {"parsing value", "expected a value"},
    }};
    for (const auto& [theirs, ours] : kProblems) {
      if (said.find(theirs) == std::string_view::npos) continue;
      return ended && ours == "expected a value" ? "expected the end of the text" : ours;
    }
    return "expected JSON";
  }

  static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '+' || c == '.';
  }

  bool strict() const {
    return open_.empty() ? !rules_.lenient : open_.back().strict || below_strict_member();
  }
  bool below_strict_member() const {
    const Open& parent = open_.back();
    return parent.is_object && !parent.members.empty() && !rules_.strict_below.empty() &&
           parent.members.back().first == rules_.strict_below;
  }

  bool open(bool is_object) {
    if (open_.size() == rules_.max_depth) {
      refuse("nested deeper than " + std::to_string(rules_.max_depth) + " levels");
    }
    Open next;
    next.is_object = is_object;
    next.strict = strict();
    if (!is_object) next.items = Tree::array();
    open_.push_back(std::move(next));
    return true;
  }

  bool add(Tree value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().is_object) {
      open_.back().members.back().second = std::move(value);
    } else {
      open_.back().items.push_back(std::move(value));
    }
    return true;
  }

  /// Leaves one member of each name, at the place of the first, or refuses them.
  void join_repeated(std::vector<std::pair<std::string, Tree>>& members) const {
    std::vector<std::size_t> order(members.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      const int compared = members[a].first.compare(members[b].first);
      return compared != 0 ? compared < 0 : a < b;
    });
    std::vector<bool> gone(members.size());
    bool any = false;
    std::size_t first = 0;
    for (std::size_t i = 1; i < order.size(); ++i) {
      if (members[order[i]].first != members[order[first]].first) {
        first = i;
        continue;
      }
      if (open_.back().strict) refuse_repeated(members[order[i]].first);
      any = gone[order[i]] = true;
      Tree& value = members[order[i]].second;
      if (!value.is_null()) members[order[first]].second = std::move(value);
    }
    if (!any) return;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (gone[i]) continue;
      if (kept != i) members[kept] = std::move(members[i]);
      ++kept;
    }
    members.resize(kept);
  }

  [[noreturn]] void refuse_repeated(const std::string& name) const {
    constexpr std::size_t kMaxShown = 80;
    std::string shown = Tree(name).dump(-1, ' ', true, Tree::error_handler_t::replace);
    if (shown.size() > kMaxShown) shown.replace(kMaxShown, std::string::npos, "...\"");
    refuse("ambiguous: the member " + shown + " occurs twice");
  }

  [[noreturn]] void refuse(const std::string& why) const {
    const bool plural = what_.find("arguments") != std::string_view::npos;
    throw Error(ErrorCode::kProtocol, std::string(what_) + (plural ? " are " : " is ") + why);
  }

  /// "line 2, column 5" of a byte; columns count characters.
  std::string place(std::size_t at) const {
    std::size_t line = 1;
    std::size_t column = 1;
    for (const char c : text_.substr(0, at)) {
      if (c == '\n') {
        ++line;
        column = 1;
      } else if (!continues_character(c)) {
        ++column;
      }
    }
    return "line " + std::to_string(line) + ", column " + std::to_string(column);
  }

  std::string_view text_;
  std::string_view what_;
  JsonRules rules_;
  Tree root_;
  std::vector<Open> open_;
};

}  // namespace detail
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
