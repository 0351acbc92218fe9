// Loop: descriptors and timers of one thread, over epoll, for programs with thousands of
// connections.
//
// Callbacks run inside run_until() and may watch, forget and set timers themselves. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

namespace cartpilot::load {

using Clock = std::chrono::steady_clock;

/// Somebody pressed Ctrl-C, or sent SIGTERM.
struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};
/// From now on the two signals only end loops.
void catch_interrupts();
/// Throws Interrupted when one of them came.
void check_interrupt();

class Loop {
 public:
  using OnReady = std::function<void(std::uint32_t events)>;

  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// `events` of epoll; watching again changes them.
  void watch(int descriptor, std::uint32_t events, OnReady on_ready);
  void change(int descriptor, std::uint32_t events);
  void forget(int descriptor);

  void at(Clock::time_point when, std::function<void()> what);

  /// Runs until `done` is true; false when `end` came first. Throws Interrupted.
  bool run_until(const std::function<bool()>& done, Clock::time_point end);
  [[noreturn]] void run_forever();

 private:
  struct Watch {
    std::uint32_t generation = 0;
    std::shared_ptr<const OnReady> on_ready;  ///< null = not watched
  };
  void control(int operation, int descriptor, std::uint32_t events);
  void run_once(Clock::time_point end);

  int epoll_ = -1;
  std::vector<Watch> watches_;  ///< by descriptor
  std::multimap<Clock::time_point, std::function<void()>> timers_;
};

}  // namespace cartpilot::load
