// JSON as this project uses it.
//
// `Json` keeps object members in the order they were written, because vendors' prompt caches and
// CartPilot's clients both see the bytes. `parse_json` and `dump_json` are the only two doors
// between text and values: the first refuses what is ambiguous or unbounded, the second never
// throws on invalid UTF-8 (it writes U+FFFD instead). All functions are thread-safe; nothing here
// owns anything.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cartpilot/detail/json_reader.h"
#include "cartpilot/detail/visibility.h"
#include "cartpilot/error.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

/// An object looks a name up from its first member on: to read or write many members of one that
/// came from outside, walk over items() and use append_member().
using Json = nlohmann::ordered_json;

/// Parses UTF-8 JSON text in time linear in its size. `what` names the text in the message ("the
/// answer", "the arguments of f"; arguments take the plural). Throws Error{kProtocol} when the text
/// is not JSON or not UTF-8 ("... is not valid JSON: line 1, column 5: expected a value"), nests
/// deeper than `kMaxJsonDepth`, has an object of more than `kMaxJsonMembers` members or one with
/// two members of the same name, or a number that neither 64 bits nor a double can hold.
inline Json parse_json(std::string_view text, std::string_view what = "text",
                       const JsonRules& rules = {}) {
  return detail::JsonReader(text, what, rules).read();
}

/// What went wrong when a value was read as something else than it is.
inline std::string json_problem(const Json::exception& error) {
  switch (error.id) {
    case 302: return "a JSON value has another type than expected";
    case 401:
    case 403: return "a JSON value is missing";
    default: return error.id < 200 ? "it is not valid JSON" : "JSON is not as expected";
  }
}

/// Compact text of `value`, non-ASCII characters kept; bytes that are not UTF-8 become U+FFFD.
inline std::string dump_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Adds a member to an object that has none of that name, without looking for it.
inline void append_member(Json& object, std::string name, Json value) {
  object.get_ref<Json::object_t&>().emplace_back(std::move(name), std::move(value));
}

/// The whole number that `value` is (12 and 12.0 are, 12.5 and "12" are not), if 64 bits hold it.
inline std::optional<std::int64_t> whole_number(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return std::nullopt;
    }
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_number_float()) return std::nullopt;
  constexpr double kTwoTo63 = 9223372036854775808.0;
  const auto number = value.get<double>();
  if (!(number >= -kTwoTo63 && number < kTwoTo63) || std::trunc(number) != number) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(number);
}

/// The string member `key` of an object, or `fallback` when it is absent, null or not a string.
inline std::string string_or(const Json& object, const char* key, std::string fallback = "") {
  if (object.is_object()) {
    const auto found = object.find(key);
    if (found != object.end() && found->is_string()) return found->get<std::string>();
  }
  return fallback;
}

/// The member `key` of an object as whole_number(), or `fallback` when it is none.
inline std::int64_t integer_or(const Json& object, const char* key, std::int64_t fallback = 0) {
  if (object.is_object()) {
    const auto found = object.find(key);
    if (found != object.end()) return whole_number(*found).value_or(fallback);
  }
  return fallback;
}

}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
