#include "terminal/tty.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/clock.h"

namespace cartpilot::host {
namespace {

constexpr int kDefaultRows = 24;
constexpr int kDefaultColumns = 80;
constexpr int kLookMs = 50;
constexpr std::chrono::milliseconds kQuiet{300};
constexpr std::chrono::seconds kLongestDrain{10};
constexpr int kTerminalField = 7;  // of /proc/self/stat, see proc(5)

winsize size_of(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0) size = {};
  return size;
}

}  // namespace

Tty::Tty() : descriptor_(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)) {
  usable_ = descriptor_ >= 0 && ::tcgetattr(descriptor_, &before_) == 0;
  if (!usable_) return;
  termios lines = before_;
  lines.c_lflag |= ICANON | ECHO | ECHOE | ISIG;
  lines.c_iflag |= ICRNL;
  lines.c_oflag |= OPOST | ONLCR;
  ::tcsetattr(descriptor_, TCSANOW, &lines);
}

Tty::~Tty() {
  if (usable_) ::tcsetattr(descriptor_, TCSANOW, &before_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

int Tty::rows() const {
  const int rows = size_of(descriptor_).ws_row;
  return rows > 0 ? rows : kDefaultRows;
}

int Tty::columns() const {
  const int columns = size_of(descriptor_).ws_col;
  return columns > 0 ? columns : kDefaultColumns;
}

bool Tty::write(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Tty::Drained Tty::drain(const std::function<bool()>& stop) const {
  termios lines{};
  if (::tcgetattr(descriptor_, &lines) != 0) return Drained::kNothing;
  // Byte by byte, because a line that is not ended yet would stay unseen until its end.
  termios bytes = lines;
  bytes.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  bytes.c_cc[VMIN] = 0;
  bytes.c_cc[VTIME] = 0;
  ::tcsetattr(descriptor_, TCSANOW, &bytes);
  Drained result = Drained::kNothing;
  const auto end = base::steady_now() + kLongestDrain;
  auto quiet_since = base::steady_now();
  while (base::steady_now() - quiet_since < kQuiet && !stop()) {
    if (base::steady_now() > end) {
      result = Drained::kNeverQuiet;
      break;
    }
    char block[4096];
    const ssize_t got = ::read(descriptor_, block, sizeof block);
    if (got < 0 && errno != EINTR && errno != EAGAIN) break;
    if (got <= 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(kLookMs));
      continue;
    }
    result = Drained::kSomething;
    quiet_since = base::steady_now();
  }
  ::tcsetattr(descriptor_, TCSANOW, &lines);
  return result;
}

Tty::Line Tty::read_line(const std::function<bool()>& stop) const {
  Line line;
  for (;;) {
    if (stop()) {
      line.end = Line::End::kStopped;
      return line;
    }
    pollfd waiting{descriptor_, POLLIN, 0};
    if (::poll(&waiting, 1, kLookMs) <= 0) continue;
    char c = 0;
    const ssize_t got = ::read(descriptor_, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got != 1) return line;
    if (c == '\n') {
      line.end = Line::End::kLine;
      return line;
    }
    if (line.text.size() < kMaxLine) line.text += c;
  }
}

long Tty::number() {
  std::ifstream in("/proc/self/stat");
  std::string stat;
  std::getline(in, stat);
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream rest(stat.substr(name_end + 1));
  std::string field;
  for (int number = 3; number <= kTerminalField; ++number) rest >> field;
  return std::strtol(field.c_str(), nullptr, 10);
}

}  // namespace cartpilot::host
