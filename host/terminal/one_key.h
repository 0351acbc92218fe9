// One key of the person at the terminal, without Enter.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace cartpilot::host {

/// Waits for a key on standard input, which is a terminal; `ask` says what for. What was typed
/// before `ask` is called does not count, whatever is typed after it does. nullopt when Ctrl-C or
/// the end of the terminal came instead.
std::optional<char> one_key(const std::function<void()>& ask);

/// Asks `question` on standard error; true for the key y.
bool yes_key(const std::string& question);

}  // namespace cartpilot::host
