#include "cli/interrupt.h"

#include <atomic>
#include <csignal>

namespace cartpilot::host {

namespace {

std::atomic<int> interrupts{0};  // lock-free, so a handler may write it
std::atomic<bool> ending{false};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void on_signal(int signal) {
  ++interrupts;
  if (signal != SIGINT) ending = true;
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;  // no SA_RESTART: a read at the prompt returns
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

}  // namespace

void Interrupt::install() {
  handle(SIGINT, on_signal);
  handle(SIGTERM, on_signal);
  handle(SIGHUP, on_signal);
  handle(SIGPIPE, SIG_IGN);
}

bool Interrupt::cancelled() const noexcept { return interrupts > 0; }

bool Interrupt::insisted() noexcept { return interrupts > 1; }

bool Interrupt::must_end() noexcept { return ending; }

void Interrupt::reset() noexcept {
  if (!ending) interrupts = 0;
}

}  // namespace cartpilot::host
