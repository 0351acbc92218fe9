#include "loop.h"

#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace cartpilot::load {
namespace {

constexpr int kEventsAtOnce = 256;

volatile sig_atomic_t interrupted = 0;

std::uint64_t key_of(int descriptor, std::uint32_t generation) {
  return static_cast<std::uint64_t>(generation) << 32 | static_cast<std::uint32_t>(descriptor);
}

}  // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

void check_interrupt() {
  if (interrupted != 0) throw Interrupted();
}

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw std::runtime_error("epoll is not to be had");
}

Loop::~Loop() { ::close(epoll_); }

void Loop::control(int operation, int descriptor, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = key_of(descriptor, watches_[static_cast<std::size_t>(descriptor)].generation);
  if (::epoll_ctl(epoll_, operation, descriptor, &event) != 0) {
    throw std::runtime_error("a descriptor cannot be watched");
  }
}

void Loop::watch(int descriptor, std::uint32_t events, OnReady on_ready) {
  const auto index = static_cast<std::size_t>(descriptor);
  if (watches_.size() <= index) watches_.resize(index + 1);
  ++watches_[index].generation;
  watches_[index].on_ready = std::make_shared<const OnReady>(std::move(on_ready));
  control(EPOLL_CTL_ADD, descriptor, events);
}

void Loop::change(int descriptor, std::uint32_t events) {
  control(EPOLL_CTL_MOD, descriptor, events);
}

void Loop::forget(int descriptor) {
  watches_[static_cast<std::size_t>(descriptor)].on_ready.reset();
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
}

void Loop::at(Clock::time_point when, std::function<void()> what) {
  timers_.emplace(when, std::move(what));
}

void Loop::run_once(Clock::time_point end) {
  auto until = end;
  if (!timers_.empty()) until = std::min(until, timers_.begin()->first);
  const auto wait = std::max(until - Clock::now(), Clock::duration::zero());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(wait);
  const timespec longest{seconds.count(), (wait - seconds).count()};
  epoll_event events[kEventsAtOnce];
  const int count = ::epoll_pwait2(epoll_, events, kEventsAtOnce, &longest, nullptr);
  if (count < 0 && errno != EINTR) throw std::runtime_error("epoll failed");
  for (int i = 0; i < count; ++i) {
    const Watch& watch = watches_[static_cast<std::uint32_t>(events[i].data.u64)];
    // An earlier callback may have forgotten it, and another may have the descriptor now.
    if (watch.generation != events[i].data.u64 >> 32 || watch.on_ready == nullptr) continue;
    const auto on_ready = watch.on_ready;
    (*on_ready)(events[i].events);
  }
  for (const auto now = Clock::now(); !timers_.empty() && timers_.begin()->first <= now;) {
    auto timer = timers_.extract(timers_.begin());
    timer.mapped()();
  }
}

bool Loop::run_until(const std::function<bool()>& done, Clock::time_point end) {
  while (!done()) {
    check_interrupt();
    if (Clock::now() >= end) return false;
    run_once(std::min(end, Clock::now() + std::chrono::seconds(1)));
  }
  return true;
}

void Loop::run_forever() {
  for (;;) {
    check_interrupt();
    run_once(Clock::now() + std::chrono::seconds(1));
  }
}

}  // namespace cartpilot::load
