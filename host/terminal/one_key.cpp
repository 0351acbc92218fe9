#include "terminal/one_key.h"

#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "cli/interrupt.h"
#include "terminal/tty.h"

namespace cartpilot::host {

std::optional<char> one_key() {
  termios lines{};
  if (::tcgetattr(STDIN_FILENO, &lines) != 0) return std::nullopt;
  termios keys = lines;
  keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &keys);
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

}  // namespace cartpilot::host
