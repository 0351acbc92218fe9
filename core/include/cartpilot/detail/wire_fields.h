// Reading members of a JSON object with one-line complaints; shared by the wire_*.h decoders.
//
// Every reader takes the object, the member's name and the name of the type being read, and throws
// Error{kProtocol} "<type>.<member> must be ..." when the member has another type. An absent or
// null member gives the fallback. Pure functions; nothing is kept.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/error.h"
#include "cartpilot/http.h"
#include "cartpilot/json.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {

/// Events wrap what a model wrote, messages wrap what came in events and outcomes: whatever was
/// accepted once is accepted again, one layer further out.
constexpr JsonRules kEventJson{kMaxJsonDepth + 16};
constexpr JsonRules kMessageJson{kMaxJsonDepth + 32};

namespace wire {

[[noreturn]] inline void fail(const std::string& what, const std::string& expectation) {
  throw Error(ErrorCode::kProtocol, what + " must be " + expectation);
}

inline void expect_object(const Json& value, const std::string& type) {
  if (!value.is_object()) fail(type, "a JSON object");
}

inline void expect_array(const Json& value, const std::string& type) {
  if (!value.is_array()) fail(type, "a JSON array");
}

/// The member, or nullptr when it is absent or null.
inline const Json* member(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

inline std::string text_or(const Json& object, const char* key, const std::string& type,
                           const std::string& fallback = "") {
  const Json* value = member(object, key);
  if (value == nullptr) return fallback;
  if (!value->is_string()) fail(type + "." + key, "a string");
  return value->get_ref<const std::string&>();
}

inline std::string text(const Json& object, const char* key, const std::string& type) {
  if (member(object, key) == nullptr) fail(type + "." + key, "present");
  return text_or(object, key, type);
}

inline bool flag_or(const Json& object, const char* key, const std::string& type, bool fallback) {
  const Json* value = member(object, key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) fail(type + "." + key, "true or false");
  return value->get<bool>();
}

inline std::int64_t whole_number(const Json& value, const std::string& what) {
  if (!value.is_number_integer()) fail(what, "a whole number");
  const std::optional<std::int64_t> number = cartpilot::whole_number(value);
  if (!number) fail(what, "a whole number below 2^63");
  return *number;
}

inline std::int64_t whole_number_or(const Json& object, const char* key, const std::string& type,
                                    std::int64_t fallback) {
  const Json* value = member(object, key);
  return value == nullptr ? fallback : whole_number(*value, type + "." + key);
}

/// The member as it is, null included; `fallback` only when it is absent.
inline Json value_or(const Json& object, const char* key, Json fallback) {
  const auto found = object.find(key);
  return found == object.end() ? fallback : *found;
}

inline void put_text(Json& object, const char* key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

inline void put_value(Json& object, const char* key, const Json& value) {
  if (!value.is_null()) object[key] = value;
}

/// {"NAME":"value"}, as used for environments and options.
inline Json texts_to_json(const std::map<std::string, std::string>& texts) {
  Json object = Json::object();
  for (const auto& [key, value] : texts) append_member(object, key, value);
  return object;
}

inline std::map<std::string, std::string> texts_from_json(const Json& object, const char* key,
                                                          const std::string& type) {
  std::map<std::string, std::string> texts;
  const Json* value = member(object, key);
  if (value == nullptr) return texts;
  expect_object(*value, type + "." + key);
  for (const auto& item : value->items()) {
    const Json& text = item.value();
    if (!text.is_null() && !text.is_string()) fail(type + "." + key + "." + item.key(), "a string");
    texts[item.key()] = text.is_null() ? "" : text.get_ref<const std::string&>();
  }
  return texts;
}

/// [["name","value"],...]: order and repetition of headers are kept.
inline Json headers_to_json(const HttpHeaders& headers) {
  Json array = Json::array();
  for (const auto& [name, value] : headers) array.push_back(Json::array({name, value}));
  return array;
}

inline HttpHeaders headers_from_json(const Json& object, const char* key, const std::string& type) {
  HttpHeaders headers;
  const Json* value = member(object, key);
  if (value == nullptr) return headers;
  const std::string what = type + "." + key;
  expect_array(*value, what);
  for (const Json& pair : *value) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) {
      fail(what, "pairs of strings");
    }
    headers.emplace_back(pair[0].get<std::string>(), pair[1].get<std::string>());
  }
  return headers;
}

}  // namespace wire
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
