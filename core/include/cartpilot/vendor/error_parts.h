// Pieces of error bodies: words, statuses, complaints of validators, the text of web pages.
//
// What error_body.h is made of; translators rarely need it themselves. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/json.h"
#include "cartpilot/vendor/retry_hints.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

/// Bytes of a server's message that are kept.
constexpr std::size_t kMaxMessage = 500;

/// The member `key` of an object when it is a text or a whole number, else "".
inline std::string word_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return "";
  if (found->is_string()) return one_line(found->get_ref<const std::string&>(), 100);
  return found->is_number_integer() ? dump_json(*found) : "";
}

/// The HTTP status that an error object names, else 0.
inline int status_of(const Json& object) {
  for (const char* key : {"code", "status", "status_code"}) {
    const std::string word = word_of(object, key);
    if (word.size() == 3 && word >= "300" && word <= "599") return std::stoi(word);
  }
  return 0;
}

/// The wait that a member of `object` asks for ("retry_after": 1.5, "retryDelay": "34s"), or one of
/// the objects inside it that carry such members; nullopt when there is none.
inline std::optional<std::int64_t> wait_in_members(const Json& object, int depth = 0) {
  std::optional<std::int64_t> wait;
  if (!object.is_object() || depth > 3) return wait;
  for (const auto& [key, value] : object.items()) {
    const std::string name = plain_spelling(key);
    if (value.is_object() && name != "retrydelay") {
      wait = longer_wait(wait, wait_in_members(value, depth + 1));
      continue;
    }
    const bool ms = name == "retryafterms";
    if (!ms && name != "retryafter" && name != "retryafterseconds" && name != "retrydelay" &&
        name != "retryin" && name != "resetafter") {
      continue;
    }
    if (value.is_number()) wait = longer_wait(wait, wait_of(value.get<double>() * (ms ? 1 : 1000)));
    if (value.is_object()) {
      wait = longer_wait(wait, wait_of(static_cast<double>(integer_or(value, "seconds")) * 1000));
    }
    if (value.is_string()) wait = longer_wait(wait, wait_in_text(value.get<std::string>(), ms));
  }
  return wait;
}

/// [{"loc":["body","model"],"msg":"required"}] -> "body.model: required"
inline std::string validation_text(const Json& detail) {
  if (detail.is_string()) return detail.get<std::string>();
  std::string text;
  if (!detail.is_array()) return text;
  for (const Json& entry : detail) {
    std::string place;
    if (entry.is_object() && entry.contains("loc") && entry["loc"].is_array()) {
      for (const Json& step : entry["loc"]) {
        place += (place.empty() ? "" : ".") +
                 (step.is_string() ? step.get<std::string>() : dump_json(step));
      }
    }
    text +=
        (text.empty() ? "" : "; ") + place + (place.empty() ? "" : ": ") + string_or(entry, "msg");
  }
  return text;
}

/// Text of a web page without its tags.
inline std::string page_text(std::string_view page) {
  std::string text;
  bool in_tag = false;
  for (const char c : page.substr(0, 4096)) {
    in_tag = in_tag || c == '<';
    text += in_tag ? ' ' : c;
    if (c == '>') in_tag = false;
  }
  text = one_line(text, 200);
  return text.empty() ? "the answer is a web page" : "the answer is a web page: " + text;
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
