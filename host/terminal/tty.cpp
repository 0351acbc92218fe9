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
#include "base/outside.h"
#include "record/recording.h"
#include "record/secret_ranges.h"
#include "record/tape.h"
#include "terminal/output.h"
#include "text/redaction.h"
#include "text/terminal_text.h"

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

/// A number that was recorded, or is being.
int by_tape(const std::string& name, int real) {
  record::Tape* const tape = record::tape();
  if (tape == nullptr) return real;
  return static_cast<int>(integer_or(tape->came(name, {{"is", real}}), "is"));
}

/// A replay has no terminal to ask on: what was shown there goes to standard error. Recordings come
/// from anybody.
bool show_again(std::string_view recorded) {
  if (shows_nothing()) return true;
  const std::string text = text::safe_text(recorded);
  return ::write(STDERR_FILENO, text.data(), text.size()) >= 0;
}

/// `stop`, with the number of times it was asked.
class CountedStop {
 public:
  explicit CountedStop(const std::function<bool()>& stop) : stop_(stop) {}
  bool operator()() {
    ++asked;
    const base::Lane lane(lane_);
    return stop_();
  }

  int asked = 0;

 private:
  const std::function<bool()>& stop_;
  const std::string lane_ = base::current_lane();
};

/// Asks `stop` as often as it was asked when `event` was recorded.
void ask_again(const Json& event, const std::function<bool()>& stop) {
  const std::int64_t times = integer_or(event, "asked");
  for (std::int64_t i = 0; i < times; ++i) stop();
}

}  // namespace

TerminalInput::TerminalInput()
    : own_(is_terminal(STDIN_FILENO)
               ? ::open("/proc/self/fd/0", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
               : -1) {}

TerminalInput::~TerminalInput() {
  if (own_ >= 0) ::close(own_);
}

int TerminalInput::descriptor() const { return own_ >= 0 ? own_ : STDIN_FILENO; }

Tty::Tty() {
  record::Tape* const tape = record::tape();
  if (tape != nullptr && tape->plays()) {
    usable_ = tape->came("terminal", nullptr).at("usable").get<bool>();
    return;
  }
  descriptor_ = ::open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  usable_ = descriptor_ >= 0 && ::tcgetattr(descriptor_, &before_) == 0;
  if (tape != nullptr) tape->came("terminal", {{"usable", usable_}});
  if (!usable_) return;
  termios lines = before_;
  lines.c_lflag |= ICANON | ECHO | ECHOE | ISIG;
  lines.c_iflag |= ICRNL;
  lines.c_oflag |= OPOST | ONLCR;
  ::tcsetattr(descriptor_, TCSANOW, &lines);
}

Tty::~Tty() {
  if (descriptor_ < 0) return;
  if (usable_) ::tcsetattr(descriptor_, TCSANOW, &before_);
  ::close(descriptor_);
}

int Tty::rows() const {
  const int rows = size_of(descriptor_).ws_row;
  return by_tape("rows", rows > 0 ? rows : kDefaultRows);
}

int Tty::columns() const {
  const int columns = size_of(descriptor_).ws_col;
  return by_tape("columns", columns > 0 ? columns : kDefaultColumns);
}

bool Tty::write(std::string_view text) const { return put(text::safe_text(text::redact(text))); }

bool Tty::write_marked(std::string_view text) const { return put(marked_line(text) + "\n"); }

bool Tty::put(std::string_view text) const {
  if (record::Tape* const tape = record::tape()) {
    tape->shown(record::Stream::kTerminal, text);
    if (tape->plays()) return show_again(text);
  }
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {
      pollfd full{descriptor_, POLLOUT, 0};
      ::poll(&full, 1, kLookMs);
      continue;
    }
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Tty::Drained Tty::drain(const std::function<bool()>& stop) const {
  record::Tape* const tape = record::tape();
  if (tape == nullptr) return drain_now(stop);
  if (tape->plays()) {
    const Json event = tape->coming("drained");
    ask_again(event, stop);
    tape->came("drained", nullptr);
    return static_cast<Drained>(integer_or(event, "result"));
  }
  CountedStop counted(stop);
  Drained result = Drained::kNothing;
  {
    const base::Unrecorded waiting;
    result = drain_now(std::ref(counted));
  }
  tape->came("drained", {{"result", static_cast<int>(result)}, {"asked", counted.asked}});
  return result;
}

Tty::Drained Tty::drain_now(const std::function<bool()>& stop) const {
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
  record::Tape* const tape = record::tape();
  if (tape == nullptr) return read_line_now(stop);
  if (tape->plays()) {
    const Json event = tape->coming("typed");
    ask_again(event, stop);
    tape->came("typed", nullptr);
    Line line;
    line.end = static_cast<Line::End>(integer_or(event, "end"));
    line.text = record::bytes_from_json(event.at("text"));
    if (line.end == Line::End::kLine) show_again(line.text + "\n");  // as the terminal did
    return line;
  }
  CountedStop counted(stop);
  Line line;
  {
    const base::Unrecorded waiting;
    line = read_line_now(std::ref(counted));
  }
  tape->came("typed", {{"end", static_cast<int>(line.end)},
                       {"text", record::bytes_to_json(record::redacted_text(line.text))},
                       {"asked", counted.asked}});
  return line;
}

Tty::Line Tty::read_line_now(const std::function<bool()>& stop) const {
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
    // Ctrl-C throws away what was typed, also what poll() saw.
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
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
