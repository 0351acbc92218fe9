// OptionReader: the options of --provider-option KEY=VALUE as checked values.
//
//   vendor::OptionReader read("acme", config.options);
//   options.temperature = read.number("temperature", 0, 2);
//   options.strict = read.flag("strict");
//   read.finish();
//
// Every function returns nullopt when the option was not given, and throws Error{kInvalidArgument}
// "acme option temperature=hot: expected a number from 0 to 2" when its value does not fit.
// finish() refuses options that nobody read. Borrows the map; one thread, during the constructor of
// a provider.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/error.h"
#include "cartpilot/vendor/near_names.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

class OptionReader {
 public:
  OptionReader(std::string provider, const std::map<std::string, std::string>& given)
      : provider_(std::move(provider)), given_(given) {}

  /// Any text, without the white space around it.
  std::optional<std::string> text(const std::string& name) {
    known_.push_back(name);
    const auto found = given_.find(name);
    if (found == given_.end()) return std::nullopt;
    return std::string(trim(found->second));
  }

  /// One word of printable ASCII characters, at most 128 bytes, without quotes and backslashes.
  std::optional<std::string> word(const std::string& name) {
    const auto value = text(name);
    if (!value) return value;
    const bool clean = std::all_of(value->begin(), value->end(), [](char c) {
      return c > ' ' && c < 0x7F && c != '"' && c != '\\';
    });
    if (value->empty() || value->size() > 128 || !clean) refuse(name, "one word");
    return value;
  }

  std::optional<bool> flag(const std::string& name) {
    const auto chosen = choice(name, {"true", "on", "yes", "1", "false", "off", "no", "0"});
    if (!chosen) return std::nullopt;
    return *chosen == "true" || *chosen == "on" || *chosen == "yes" || *chosen == "1";
  }

  /// A whole number from `least` to `most`.
  std::optional<std::int64_t> integer(const std::string& name, std::int64_t least,
                                      std::int64_t most = INT32_MAX) {
    return parse<std::int64_t>(name, "a whole number", least, most);
  }

  /// A finite number from `least` to `most`.
  std::optional<double> number(const std::string& name, double least, double most) {
    return parse<double>(name, "a number", least, most);
  }

  /// One of `words`, whatever its case; the result is spelled as in `words`.
  std::optional<std::string> choice(const std::string& name,
                                    const std::vector<std::string>& words) {
    const auto value = text(name);
    if (!value) return value;
    for (const std::string& word : words) {
      if (lower(word) == lower(*value)) return word;
    }
    const bool flag = words.front() == "true";
    refuse(name, flag ? "true or false" : "one of " + joined(words));
  }

  /// Words between commas, at least one.
  std::optional<std::vector<std::string>> list(const std::string& name) {
    const auto value = text(name);
    if (!value) return std::nullopt;
    std::vector<std::string> words;
    std::string_view rest = *value;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const std::string_view word = trim(rest.substr(0, comma));
      if (!word.empty()) words.emplace_back(word);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    if (words.empty()) refuse(name, "words with commas between them");
    return words;
  }

  /// Names and values of all options that begin with `prefix` ("header."), without it.
  std::vector<std::pair<std::string, std::string>> with_prefix(const std::string& prefix) {
    std::vector<std::pair<std::string, std::string>> found;
    for (const auto& [name, value] : given_) {
      if (!starts_with(name, prefix)) continue;
      known_.push_back(name);
      found.emplace_back(name.substr(prefix.size()), value);
    }
    return found;
  }

  /// Throws Error{kInvalidArgument} for a value that does not fit.
  [[noreturn]] void refuse(const std::string& name, const std::string& expected) const {
    const auto found = given_.find(name);
    const std::string value = found == given_.end() ? "" : one_line(found->second, 80);
    throw Error(ErrorCode::kInvalidArgument,
                provider_ + " option " + name + "=" + value + ": expected " + expected);
  }

  /// Throws Error{kInvalidArgument} for an option that was not read: names the nearest one and all
  /// that are known.
  void finish() const {
    std::vector<std::string> known = known_;
    std::sort(known.begin(), known.end());
    for (const auto& [name, value] : given_) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const std::vector<std::string> nearest = near_names(name, known, 1);
      throw Error(ErrorCode::kInvalidArgument, provider_ + " has no option '" + one_line(name, 60) +
                                                   "'" +
                                                   (nearest.empty() ? "" : ", but " + nearest[0]) +
                                                   "; it knows " + joined(known));
    }
  }

 private:
  template <class Number>
  std::optional<Number> parse(const std::string& name, const char* kind, Number least,
                              Number most) {
    const auto value = text(name);
    if (!value) return std::nullopt;
    Number number{};
    const char* end = value->data() + value->size();
    const auto [stop, problem] = std::from_chars(value->data(), end, number);
    if (problem != std::errc() || stop != end || !(number >= least && number <= most)) {
      const std::string low = std::to_string(static_cast<std::int64_t>(least));
      const std::string high = std::to_string(static_cast<std::int64_t>(most));
      refuse(name, std::string(kind) + " from " + low +
                       (most >= static_cast<Number>(INT32_MAX) ? "" : " to " + high));
    }
    return number;
  }

  std::string provider_;
  const std::map<std::string, std::string>& given_;
  std::vector<std::string> known_;
};

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
