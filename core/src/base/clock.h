// The clocks: the only place of the program that reads the time.
//
// Free functions; thread-safe. Who needs a time of its own in tests takes a function and has these
// as its default.
#pragma once

#include <chrono>
#include <cstdint>

namespace cartpilot::base {

using SteadyTime = std::chrono::steady_clock::time_point;
using SystemTime = std::chrono::system_clock::time_point;

/// Never goes back; for waits, limits and how long something took.
SteadyTime steady_now();
/// The wall clock: it can be set.
SystemTime system_now();
/// The wall clock in milliseconds since the epoch.
std::int64_t unix_ms_now();
/// Never goes back, and runs on while the machine sleeps.
std::chrono::nanoseconds time_since_boot();

}  // namespace cartpilot::base
