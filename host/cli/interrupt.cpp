#include "cli/interrupt.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>

#include "plugin/runtime/running_calls.h"
#include "record/tape.h"

namespace cartpilot::host {

namespace {

constinit app::Cancellation in_front;
constinit std::atomic<bool> ending{false};
constinit std::atomic<bool> signal_came{false};
static_assert(std::atomic<bool>::is_always_lock_free);

constexpr unsigned kPatience = 5;  // seconds a plugin has to notice the wish to stop
constexpr int kInterruptedExit = 130;

/// Async-signal-safe.
void write_text(const char* text) {
  if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) return;
}

void name_stuck(const char* plugin, const char* what) {
  write_text("\ncartpilot: plugin ");
  write_text(plugin);
  write_text(what);
}

void on_signal(int signal) {
  signal_came = true;
  const bool again = in_front.cancel();
  if (signal != SIGINT) ending = true;
  const char* plugin = plugin::running_plugin();
  if (plugin == nullptr) return;
  if (again) {
    // Code inside this process cannot be stopped, only left.
    name_stuck(plugin, " does not respond to Ctrl-C; leaving it\n");
    ::_exit(kInterruptedExit);
  }
  ::alarm(kPatience);
}

void on_alarm(int) {
  const char* plugin = plugin::running_plugin();
  if (plugin == nullptr || in_front.requests() == 0) return;
  if (ending) {
    name_stuck(plugin, " does not respond to Ctrl-C; leaving it\n");
    ::_exit(kInterruptedExit);
  }
  name_stuck(plugin, " does not respond to Ctrl-C; press Ctrl-C again to leave\n");
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
  handle(SIGALRM, on_alarm);
  handle(SIGPIPE, SIG_IGN);
  handle(SIGXFSZ, SIG_IGN);
}

app::Cancellation& Interrupt::cancellation() noexcept { return in_front; }

bool Interrupt::came() noexcept { return signal_came; }

bool Interrupt::must_end() noexcept {
  if (record::Tape* const tape = record::tape()) {
    ending = tape->came("must_end", {{"is", ending.load()}}).at("is").get<bool>();
  }
  return ending;
}

void Interrupt::reset() noexcept {
  if (!ending) in_front.reset();
}

}  // namespace cartpilot::host
