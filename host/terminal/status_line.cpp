#include "terminal/status_line.h"

#include <fmt/format.h>

#include <csignal>
#include <utility>

#include "base/clock.h"
#include "base/outside.h"
#include "terminal/output.h"

namespace cartpilot::host {
namespace {

constexpr std::chrono::milliseconds kMoment{400};
constexpr std::chrono::seconds kTick{1};

/// How long a person waits is no part of a recording.
base::SteadyTime real_now() {
  const base::Unrecorded outside;
  return base::steady_now();
}

}  // namespace

StatusLine::~StatusLine() {
  stop();
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void StatusLine::start(std::string what) {
  if (!enabled_) return;
  {
    const std::lock_guard lock(mutex_);
    what_ = std::move(what);
    since_ = real_now();
  }
  resume();
}

void StatusLine::resume() {
  if (!enabled_) return;
  const std::lock_guard lock(mutex_);
  waiting_ = !what_.empty();
  silent_since_ = real_now();
  if (!thread_.joinable()) {
    // Signals are for the main thread.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  changed_.notify_one();
}

void StatusLine::stop() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(waiting_, false)) end_transient();
}

void StatusLine::run() {
  std::unique_lock lock(mutex_);
  while (!ended_) {
    if (!waiting_) {
      changed_.wait(lock);
      continue;
    }
    const auto now = real_now();
    if (now - silent_since_ < kMoment) {
      changed_.wait_until(lock, silent_since_ + kMoment);
      continue;
    }
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - since_).count();
    show_transient(fmt::format("{}... {} s", what_, seconds), " (Ctrl-C stops)");
    changed_.wait_for(lock, kTick);
  }
}

}  // namespace cartpilot::host
