// TerminalScreen: what a person sees after a program has written to a terminal of some size.
//
// Knows what xterm's description lets a line editor send, and keeps what it does not know. All
// characters are one column wide. A value; one thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cartpilot::e2e {

class TerminalScreen {
 public:
  TerminalScreen(std::size_t columns, std::size_t rows);

  void feed(std::string_view bytes);

  /// Rows from the top without the blanks at their ends, up to the last one that holds something.
  std::vector<std::string> rows() const;
  /// Sequences that were not understood.
  const std::vector<std::string>& unknown() const { return unknown_; }

 private:
  void put(const std::string& character);
  void line_feed();
  void control(const std::string& parameters, char final);

  std::size_t columns_;
  std::vector<std::vector<std::string>> cells_;
  std::size_t row_ = 0;
  std::size_t column_ = 0;  ///< columns_: the next character goes to the next row
  std::vector<std::string> unknown_;
};

}  // namespace cartpilot::e2e
