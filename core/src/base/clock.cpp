#include "base/clock.h"

#include <ctime>

namespace cartpilot::base {

SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

SystemTime system_now() { return std::chrono::system_clock::now(); }

std::int64_t unix_ms_now() {
  return std::chrono::floor<std::chrono::milliseconds>(system_now()).time_since_epoch().count();
}

std::chrono::nanoseconds time_since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace cartpilot::base
