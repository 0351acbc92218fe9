#include "app/service_failure.h"

#include <set>

namespace cartpilot::app {

bool is_service_failure(const std::string& error_code) {
  static const std::set<std::string> failures = {"NETWORK_ERROR",   "TIMEOUT",
                                                 "BAD_RESPONSE",    "UNAUTHORIZED",
                                                 "INVALID_API_KEY", "INTERNAL_ERROR"};
  // HTTP_nnn stands for an answer without a code of CartPilot's own: it did not come from
  // CartPilot.
  return failures.count(error_code) != 0 || error_code.rfind("HTTP_", 0) == 0;
}

}  // namespace cartpilot::app
