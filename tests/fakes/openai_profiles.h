// The compatible servers, as configurations of FakeOpenAi.
//
// Each says what its server omits, repeats, refuses or gets wrong, by its documentation or by the
// reports of its users. Plain values.
#pragma once

#include <string>
#include <vector>

#include "fakes/openai.h"

namespace cartpilot::fakes {

struct OpenAiProfile {
  std::string name;    ///< letters, digits and underscores
  std::string server;  ///< the plugin's option that names this server
  std::string model;
  FakeOpenAiOptions options;
};

const std::vector<OpenAiProfile>& openai_profiles();

/// Throws std::out_of_range for an unknown name.
const OpenAiProfile& openai_profile(const std::string& name);

}  // namespace cartpilot::fakes
