// What the program tells every model about shopping through CartPilot.
#pragma once

#include <string_view>

namespace cartpilot::host {

/// The system prompt of `chat`; `tools instructions` prints it for programs with a loop of their
/// own.
std::string_view model_instructions();

}  // namespace cartpilot::host
