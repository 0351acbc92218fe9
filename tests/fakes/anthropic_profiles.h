// The servers that speak the Messages API, as configurations of FakeAnthropic.
//
// Each says what its server omits, repeats, refuses or gets wrong, by its documentation or by the
// reports of its users. Plain values.
#pragma once

#include <string>
#include <vector>

#include "fakes/anthropic.h"

namespace cartpilot::fakes {

struct AnthropicProfile {
  std::string name;    ///< letters, digits and underscores
  std::string server;  ///< the plugin's option that names this server
  std::string model;
  FakeAnthropicOptions options;
};

const std::vector<AnthropicProfile>& anthropic_profiles();

/// Throws std::out_of_range for an unknown name.
const AnthropicProfile& anthropic_profile(const std::string& name);

}  // namespace cartpilot::fakes
