// One key of the person at the terminal, without Enter.
#pragma once

#include <optional>

namespace cartpilot::host {

/// Waits for a key on standard input, which is a terminal. nullopt when Ctrl-C or the end of the
/// terminal came instead. What was typed before does not count.
std::optional<char> one_key();

}  // namespace cartpilot::host
