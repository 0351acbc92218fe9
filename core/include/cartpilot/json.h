// JSON as this project uses it.
//
// `Json` keeps object members in the order they were written, because vendors' prompt caches and
// CartPilot's clients both see the bytes. `parse_json` and `dump_json` are the only two doors
// between text and values: the first bounds nesting before it builds a tree, the second never
// throws on invalid UTF-8 (it writes U+FFFD instead). All functions are thread-safe; nothing here
// owns anything.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/error.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

using Json = nlohmann::ordered_json;

/// Deepest nesting accepted from outside. Copying or dumping a tree recurses, so an unbounded one
/// overflows the stack.
constexpr std::size_t kMaxJsonDepth = 256;

/// Returns true when `text` nests arrays and objects no deeper than `limit`. Looks at brackets
/// outside of strings only.
inline bool json_depth_within(std::string_view text, std::size_t limit) {
  // Nearly every text opens fewer brackets altogether than may be open at once.
  std::size_t opened = 0;
  for (const char c : text) opened += static_cast<std::size_t>(c == '{' || c == '[');
  if (opened <= limit) return true;
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > limit) return false;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return true;
}

/// Parses UTF-8 JSON text. `what` names the text in the message ("arguments of create_intent").
/// Throws Error{kProtocol} when the text is not JSON, is not UTF-8 or nests deeper than
/// `kMaxJsonDepth`.
inline Json parse_json(std::string_view text, std::string_view what = "text") {
  if (!json_depth_within(text, kMaxJsonDepth)) {
    throw Error(ErrorCode::kProtocol, std::string(what) + " nests deeper than 256 levels");
  }
  try {
    return Json::parse(text.begin(), text.end());
  } catch (const nlohmann::json::exception& e) {
    throw Error(ErrorCode::kProtocol, std::string(what) + " is not valid JSON: " + e.what());
  }
}

/// Compact text of `value`, non-ASCII characters kept; bytes that are not UTF-8 become U+FFFD.
inline std::string dump_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The string member `key` of an object, or `fallback` when it is absent, null or not a string.
inline std::string string_or(const Json& object, const char* key, std::string fallback = "") {
  if (object.is_object()) {
    const auto found = object.find(key);
    if (found != object.end() && found->is_string()) return found->get<std::string>();
  }
  return fallback;
}

/// The integer member `key` of an object, or `fallback` when it is absent or not a number.
inline std::int64_t integer_or(const Json& object, const char* key, std::int64_t fallback = 0) {
  if (object.is_object()) {
    const auto found = object.find(key);
    if (found != object.end() && found->is_number()) return found->get<std::int64_t>();
  }
  return fallback;
}

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
