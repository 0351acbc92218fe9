// Tells failures of CartPilot itself from requests that were wrong.
#pragma once

#include <string>

namespace cartpilot::app {

/// True for error codes of tool results that mean CartPilot is out of reach, out of order or
/// refuses our key.
bool is_service_failure(const std::string& error_code);

}  // namespace cartpilot::app
