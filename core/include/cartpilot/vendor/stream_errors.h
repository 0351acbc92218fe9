// Errors and end marks where they do not belong: between the events of a stream, behind a whole
// body.
//
// Gateways print bare JSON errors into event streams, put them behind a word of their own
// ("error: {...}"), and append the end mark of a stream to a whole answer. Pure functions; any
// thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "cartpilot/detail/visibility.h"
#include "cartpilot/vendor/errors.h"
#include "cartpilot/vendor/text.h"

namespace cartpilot CARTPILOT_HIDDEN {
inline namespace abi1 {
namespace vendor {

/// `text` without the end marks behind it: "{...}data: [DONE]" is "{...}".
inline std::string_view without_end_mark(std::string_view text) {
  text = trim(text);
  for (const std::string_view mark : {"[DONE]", "data:"}) {
    if (ends_with(text, mark)) text = trim(text.substr(0, text.size() - mark.size()));
  }
  return text;
}

/// What stands behind "error:", whatever its case; nullopt when `text` does not begin so.
inline std::optional<std::string_view> behind_error_word(std::string_view text) {
  constexpr std::string_view kWord = "error:";
  text = trim(text);
  if (lower(text.substr(0, kWord.size())) != kWord) return std::nullopt;
  return trim(text.substr(kWord.size()));
}

/// Throws the error that stray lines of an event stream tell: JSON that holds one, or anything
/// behind "error:". Other lines mean nothing.
inline void throw_stray_error(std::string_view text, const Service& service,
                              ErrorOverride override = nullptr) {
  if (const auto told = behind_error_word(text)) {
    throw error_inside_answer(read_error_body(without_end_mark(*told)), service, override);
  }
  std::optional<ErrorBody> error;
  try {
    error = find_error(parse_json(without_end_mark(text)));
  } catch (const Error&) {
    return;
  }
  if (error) throw error_inside_answer(*error, service, override);
}

}  // namespace vendor
}  // namespace abi1
}  // namespace CARTPILOT_HIDDEN
