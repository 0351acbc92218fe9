#include "terminal/one_key.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "base/outside.h"
#include "cli/interrupt.h"
#include "record/tape.h"
#include "terminal/output.h"
#include "terminal/tty.h"

namespace cartpilot::host {

namespace {

constexpr const char* kEvent = "key";
constexpr int kNone = -1;

std::optional<char> read_key(const termios& lines, const std::function<void()>& ask) {
  termios keys = lines;
  keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &keys);
  ask();
  const base::Unrecorded waiting_for_it;
  const TerminalInput input;
  const Interrupt interrupt;
  std::optional<char> key;
  while (!key && !interrupt.cancelled()) {
    pollfd waiting{input.descriptor(), POLLIN, 0};
    if (::poll(&waiting, 1, 50) <= 0) continue;
    char c = 0;
    const ssize_t got = ::read(input.descriptor(), &c, 1);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) break;
    key = c;
  }
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &lines);
  return key;
}

std::optional<char> replayed_key(record::Tape& tape, const std::function<void()>& ask) {
  const Json event = tape.coming(kEvent);
  if (event.at("asked").get<bool>()) ask();
  tape.catch_up(Interrupt());
  tape.came(kEvent, nullptr);
  const auto byte = static_cast<int>(integer_or(event, "byte", kNone));
  return byte == kNone ? std::nullopt : std::optional(static_cast<char>(byte));
}

}  // namespace

std::optional<char> one_key(const std::function<void()>& ask) {
  record::Tape* const tape = record::tape();
  if (tape != nullptr && tape->plays()) return replayed_key(*tape, ask);
  termios lines{};
  const bool asked = ::tcgetattr(STDIN_FILENO, &lines) == 0;
  const std::optional<char> key = asked ? read_key(lines, ask) : std::nullopt;
  if (tape != nullptr) {
    tape->catch_up(Interrupt());
    tape->came(kEvent, {{"asked", asked}, {"byte", key ? int{*key} : kNone}});
  }
  return key;
}

bool yes_key(const std::string& question) {
  const auto key = one_key([&] { err_line(question); });
  return key == 'y' || key == 'Y';
}

}  // namespace cartpilot::host
