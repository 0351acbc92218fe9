// What the program tells every model about shopping through CartPilot.
#pragma once

#include <string_view>

namespace cartpilot::app {

/// The beginning of every system prompt; programs with a loop of their own are given it on request.
std::string_view model_instructions();

}  // namespace cartpilot::app
