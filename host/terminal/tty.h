// Tty: the controlling terminal, opened by itself.
//
// Never standard input or output, so neither a pipe nor a redirection stands between a person and a
// question. While it exists the terminal reads whole lines with echo, whatever mode it was in; the
// destructor puts the mode back. One thread.
#pragma once

#include <termios.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cartpilot::host {

/// Standard input, when it is a terminal, opened once more so that reads never block: what poll()
/// saw may be gone, because Ctrl-C throws away what was typed. Standard input itself otherwise.
/// Read from it only after poll(). Owned by the object.
class TerminalInput {
 public:
  TerminalInput();
  ~TerminalInput();
  TerminalInput(const TerminalInput&) = delete;
  TerminalInput& operator=(const TerminalInput&) = delete;

  int descriptor() const;

 private:
  int own_;
};

class Tty {
 public:
  Tty();
  ~Tty();
  Tty(const Tty&) = delete;
  Tty& operator=(const Tty&) = delete;

  bool usable() const { return usable_; }
  int rows() const;
  int columns() const;

  /// Redacted and made safe, as what output.h writes. False when the terminal is gone.
  bool write(std::string_view text) const;
  /// A line of the program itself about purchases; see out_marked().
  bool write_marked(std::string_view text) const;

  enum class Drained { kNothing, kSomething, kNeverQuiet };
  /// Throws away what was typed or pasted, until nothing has come for 300 ms. Gives up after 10 s.
  /// `stop` is asked between reads and ends it early.
  Drained drain(const std::function<bool()>& stop) const;

  struct Line {
    enum class End { kLine, kStopped, kClosed } end = End::kClosed;
    std::string text;  ///< without its end, at most kMaxLine bytes of it
  };
  static constexpr std::size_t kMaxLine = 256;
  /// One line. `stop` is asked at least every 100 ms.
  Line read_line(const std::function<bool()>& stop) const;

  /// Names the terminal among those of this machine; 0 = none.
  static long number();

 private:
  bool put(std::string_view text) const;
  Drained drain_now(const std::function<bool()>& stop) const;
  Line read_line_now(const std::function<bool()>& stop) const;

  int descriptor_ = -1;
  bool usable_ = false;
  termios before_{};
};

}  // namespace cartpilot::host
