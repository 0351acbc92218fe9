#include "prompt_terminal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>

#include "gate_world.h"
#include "terminal/prompt.h"

namespace cartpilot::purchase {
namespace {

constexpr int kPatienceMs = 20'000;

void type(int terminal, const std::string& text) {
  if (::write(terminal, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error("cannot type");
  }
}

/// Reads more of the screen; false at the end.
bool look(int terminal, std::string& screen) {
  pollfd waiting{terminal, POLLIN, 0};
  if (::poll(&waiting, 1, kPatienceMs) <= 0) throw std::runtime_error("nothing shown: " + screen);
  char block[4096];
  const ssize_t got = ::read(terminal, block, sizeof block);
  if (got <= 0) return false;
  screen.append(block, static_cast<std::size_t>(got));
  return true;
}

[[noreturn]] void ask(const commerce::Receipt& receipt,
                      const std::optional<commerce::Money>& previous, const std::string& note,
                      bool waits, int go) {
  ::signal(SIGINT, SIG_DFL);  // a shell ignores it for what it runs in the background
  char start = 0;
  if (::read(go, &start, 1) != 1) ::_exit(99);
  host::TerminalPrompt::Clock clock;
  if (waits) {
    clock = [calls = 0]() mutable { return std::chrono::seconds(calls++ == 0 ? 0 : 121); };
  }
  host::TerminalPrompt prompt(clock);
  ::_exit(static_cast<int>(prompt.ask(receipt, previous, note)));
}

}  // namespace

PromptRun run_prompt(const commerce::Receipt& receipt, const PromptScript& script,
                     const std::optional<commerce::Money>& previous, const std::string& note) {
  int go[2];
  if (::pipe2(go, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  struct winsize size = {24, 80, 0, 0};
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (child < 0) throw std::runtime_error("forkpty");
  if (child == 0) ask(receipt, previous, note, script.waits, go[0]);

  PromptRun run;
  if (!script.typed_before.empty()) {
    type(terminal, script.typed_before);
    // Its echo proves that the line is in the terminal's queue.
    while (run.screen.find('\n') == std::string::npos) look(terminal, run.screen);
    run.screen.clear();
  }
  type(go[1], "g");
  while (run.screen.find("]: ") == std::string::npos && look(terminal, run.screen)) {
    const std::string reply = script.answer_back ? script.answer_back(run.screen) : "";
    if (!reply.empty()) type(terminal, reply);
  }
  if (script.hang_up) {
    ::close(terminal);
  } else {
    if (!script.typed.empty()) type(terminal, script.typed);
    while (look(terminal, run.screen)) {
    }
    ::close(terminal);
  }
  ::close(go[0]);
  ::close(go[1]);
  int status = 0;
  ::waitpid(child, &status, 0);
  // A prompt that dies with its terminal has agreed to nothing.
  run.answer = WIFEXITED(status) ? static_cast<ConsentAnswer>(WEXITSTATUS(status))
                                 : ConsentAnswer::kDeclined;
  return run;
}

commerce::Receipt receipt_with(const std::string& title, const std::string& sku) {
  GateWorld world;
  const std::string id = world.prepare();
  Json& checkout = world.server.checkout(id);
  for (Json* item : {&checkout["items"][0], &checkout["frozen_receipt"]["items"][0]}) {
    (*item)["title"] = title;
    (*item)["sku"] = sku;
  }
  commerce::Checkout parsed = commerce::parse_checkout(checkout);
  return commerce::make_receipt("http://127.0.0.1:8000", "test_card", parsed);
}

std::string forbidden_byte(const std::string& screen) {
  for (std::size_t i = 0; i < screen.size(); ++i) {
    const auto byte = static_cast<unsigned char>(screen[i]);
    const bool fine =
        (byte >= 0x20 && byte <= 0x7e) || byte == '\n' || byte == '\r' || byte == '\t';
    if (!fine) return fmt::format("0x{:02x} at {}", byte, i);
  }
  return "";
}

}  // namespace cartpilot::purchase
