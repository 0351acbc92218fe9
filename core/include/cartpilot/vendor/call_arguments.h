// The arguments of a call, out of what a model or its server wrote.
//
// Vendors send an object, or a text that holds one. Servers send more: nothing at all in many
// spellings, an empty object before the real one, the object twice, a text within a text, or the
// beginning of something. Fragments are joined before they come here. What is no object after all
// that is told to the model, never guessed. Pure functions; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/json.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

/// `problem` is a text for the model, "" when `value` is the object.
struct CallArguments {
  Json value = Json::object();
  std::string problem;
};

/// True for the spellings of "no arguments".
inline bool says_no_arguments(std::string_view text) {
  constexpr std::array<std::string_view, 7> kSpellings = {"",     "{}",   "[]",       "\"\"",
                                                          "null", "None", "undefined"};
  std::string plain;
  for (const char c : text) {
    if (c != ' ' && c != '\t' && c != '\r' && c != '\n') plain += c;
  }
  return std::find(kSpellings.begin(), kSpellings.end(), plain) != kSpellings.end();
}

/// Where the JSON value at the beginning of `text` ends: an object, array, string or bare word; 0
/// when it has no end.
inline std::size_t value_length(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (depth == 0 && at > 0) return at;  // behind a bare word
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    } else if (depth == 0 && !is_word_char(c)) {
      return at;
    } else {
      continue;
    }
    if (depth <= 0 && !in_string) return at + 1;
  }
  return depth == 0 && !in_string ? text.size() : 0;
}

/// Of several values in a row the one that says something, when all others say nothing or the same;
/// "" when none does; nullopt when they differ.
inline std::optional<std::string_view> only_value(std::string_view text) {
  std::string_view found;
  for (text = trim(text); !text.empty(); text = trim(text)) {
    const std::size_t length = value_length(text);
    if (length == 0) return std::nullopt;
    const std::string_view value = text.substr(0, length);
    text.remove_prefix(length);
    if (says_no_arguments(value) || value == found) continue;
    if (!found.empty()) return std::nullopt;
    found = value;
  }
  return found;
}

/// Reads what was written as the arguments of the function `name`. `cut` = the answer ended at its
/// length limit while they were written.
inline CallArguments read_call_arguments(const Json& written, const std::string& name,
                                         bool cut = false) {
  const std::string what = "the arguments of " + name;
  CallArguments read;
  if (cut && written.is_string()) {
    read.problem = what + " were cut off at the output limit; call it again, shorter";
  }
  const auto fail = [&read](const std::string& problem) {
    if (read.problem.empty()) read.problem = problem + "; call it again with one JSON object";
    return read;
  };
  Json value = written;
  // A text may hold a text that holds the object.
  for (int depth = 0; depth < 2 && value.is_string(); ++depth) {
    const std::string text = value.get<std::string>();
    if (says_no_arguments(text)) {
      value = cut ? Json(nullptr) : Json::object();
      break;
    }
    try {
      value = parse_json(trim(text), what);
    } catch (const Error& error) {
      const auto only = only_value(text);
      if (!only || only->size() == trim(text).size()) return fail(error.what());
      try {
        value = only->empty() ? Json::object() : parse_json(*only, what);
      } catch (const Error&) {
        return fail(error.what());
      }
    }
  }
  const bool nothing = value.is_null() || (value.is_array() && value.empty());
  if (nothing && read.problem.empty()) value = Json::object();
  if (!value.is_object()) return fail(what + " are no JSON object");
  // A whole object cannot be the beginning of a longer one, so nothing was cut off.
  read.problem.clear();
  read.value = std::move(value);
  return read;
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
