// Timestamps of incoming events, judged as the service's validation judges them.
//
// Pure function; thread-safe.
#pragma once

#include <optional>
#include <string>

#include "cartpilot/json.h"

namespace cartpilot::sandbox {

/// What is wrong with a value that should be a date and time.
struct DatetimeProblem {
  const char* type;     ///< "datetime_from_date_parsing"
  std::string message;  ///< "Input should be a valid datetime or date, input is too short"
  std::string error;    ///< "input is too short"; "" when there is no more to say
};

/// nullopt for an ISO 8601 date and time, a date alone, or a number of seconds or milliseconds.
std::optional<DatetimeProblem> find_datetime_problem(const Json& value);

}  // namespace cartpilot::sandbox
