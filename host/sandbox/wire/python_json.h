// JSON text judged as CPython's json module judges it.
//
// Callers of the service see that module's messages and offsets for broken bodies, and its
// leniency: NaN, Infinity and lone surrogates pass. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cartpilot/json.h"

namespace cartpilot::sandbox {

/// Deepest nesting of a request's body. The service's own limit is near a thousand.
constexpr std::size_t kMaxBodyDepth = 256;

/// Rules for documents that hold a body's values: the sandbox wrote them.
constexpr JsonRules kStoredJson{kMaxBodyDepth + 32, true};

struct PythonJson {
  struct Problem {
    std::string message;     ///< "Expecting value"
    std::size_t offset = 0;  ///< in code points
  };

  std::optional<Json> value;  ///< set unless there is a problem
  Problem problem;
};

/// Reads UTF-8 `text`. NaN and the infinities become null, which is how the service shows them
/// again; lone surrogates become U+FFFD; of repeated members the last counts. Throws
/// Error{kProtocol} when the text nests deeper than kMaxBodyDepth or is not UTF-8.
PythonJson read_python_json(std::string_view text);

/// Text as json.dumps(value, sort_keys=True) writes it: ", " and ": " as separators, everything
/// beyond ASCII escaped, floats in Python's notation.
std::string python_dumps(const Json& value);

}  // namespace cartpilot::sandbox
