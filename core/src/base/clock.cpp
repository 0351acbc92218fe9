#include "base/clock.h"

#include <ctime>

#include "base/outside.h"

namespace cartpilot::base {

namespace {

/// `real`, or what a replay reads instead.
template <class Clock>
typename Clock::time_point seen(ClockKind kind, typename Clock::time_point real) {
  Outside* const outside = outside_here();
  if (outside == nullptr) return real;
  const std::chrono::nanoseconds since = real.time_since_epoch();
  return typename Clock::time_point(std::chrono::duration_cast<typename Clock::duration>(
      std::chrono::nanoseconds(outside->clock(kind, since.count()))));
}

}  // namespace

SteadyTime steady_now() {
  return seen<std::chrono::steady_clock>(ClockKind::kSteady, std::chrono::steady_clock::now());
}

SystemTime system_now() {
  return seen<std::chrono::system_clock>(ClockKind::kSystem, std::chrono::system_clock::now());
}

std::int64_t unix_ms_now() {
  return std::chrono::floor<std::chrono::milliseconds>(system_now()).time_since_epoch().count();
}

std::chrono::nanoseconds time_since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  const auto real = std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  Outside* const outside = outside_here();
  if (outside == nullptr) return real;
  return std::chrono::nanoseconds(outside->clock(ClockKind::kBoot, real.count()));
}

}  // namespace cartpilot::base
